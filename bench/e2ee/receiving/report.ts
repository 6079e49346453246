import { figure, tableOf } from '../../table.ts';
import type { ReceivingResult } from './measure.ts';
import { POSE_BYTES, POSES_PER_SECOND } from './pose.ts';

/** What a page is to spend at most, percent of a core. */
const GOAL_PERCENT = 10;

const NAMES: Record<ReceivingResult['kind'], string> = {
  bare: 'bare WebSocket in a Worker',
  unencrypted: 'unencrypted room',
  sealed: 'sealed room',
};

export function receivingTable(results: readonly ReceivingResult[]): string {
  const { senders } = results[0]!;
  const head = [
    `${senders} senders, ${POSES_PER_SECOND} poses of ${POSE_BYTES} B a second`,
    '% of a core',
    'spread',
    'poses / s',
    'CPU µs a pose',
    'idle %',
  ];
  return tableOf(
    head,
    results.map(({ kind, idle_percent, poses_percent, poses_per_second }) => [
      NAMES[kind],
      figure(poses_percent.median),
      `${figure(poses_percent.least)}–${figure(poses_percent.most)}`,
      figure(poses_per_second.median),
      figure((10_000 * poses_percent.median) / poses_per_second.median),
      figure(idle_percent),
    ]),
  );
}

export function goalLine(results: readonly ReceivingResult[]): string {
  const percentOf = (kind: ReceivingResult['kind']): number =>
    results.find((result) => result.kind === kind)!.poses_percent.median;
  const percent = percentOf('sealed');
  const verdict = percent <= GOAL_PERCENT ? 'the goal is met' : 'the goal is missed';
  return `The renderer process takes ${figure(percent)} % of a core (goal ${GOAL_PERCENT} %): ${verdict}; its WebSocket alone takes ${figure(percentOf('bare'))} %`;
}
