import { figure, tableOf } from '../table.ts';
import type { ReceivingResult } from './measure.ts';
import { POSE_BYTES, POSES_PER_SECOND } from './pose.ts';

/** What a page is to spend at most, percent of a core. */
const GOAL_PERCENT = 10;

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
    results.map(({ is_sealed, idle_percent, poses_percent, poses_per_second }) => [
      is_sealed ? 'sealed room' : 'unencrypted room',
      figure(poses_percent.median),
      `${figure(poses_percent.least)}–${figure(poses_percent.most)}`,
      figure(poses_per_second.median),
      figure((10_000 * poses_percent.median) / poses_per_second.median),
      figure(idle_percent),
    ]),
  );
}

export function goalLine(results: readonly ReceivingResult[]): string {
  const { poses_percent } = results.find(({ is_sealed }) => is_sealed)!;
  const verdict = poses_percent.median <= GOAL_PERCENT ? 'the goal is met' : 'the goal is missed';
  return `The renderer process takes ${figure(poses_percent.median)} % of a core (goal ${GOAL_PERCENT} %): ${verdict}`;
}
