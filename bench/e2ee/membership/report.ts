import type { Spread } from '../../spread.ts';
import { figure, tableOf } from '../../table.ts';
import type { Change, MembershipResult } from './measure.ts';
import { totalOf } from './tally.ts';

const spread = ({ median, least, most }: Spread): string =>
  `${figure(median)} (${figure(least)}–${figure(most)})`;
const whole = (value: number): string => value.toLocaleString('en-US');

function rowOf(name: string, { ms, own_cpu_ms, others_cpu_ms, tally }: Change, others: number): string[] {
  const total = totalOf(tally);
  return [
    name,
    spread(ms),
    figure(own_cpu_ms.median),
    figure(others_cpu_ms.median / others),
    `${tally.hello.frames} + ${tally.key.frames} + ${tally.control.frames}`,
    whole(total.bytes),
    whole(total.delivered),
    whole(total.delivered_bytes),
  ];
}

export function membershipTable({ members, join, leave }: MembershipResult): string {
  const head = [
    `member ${members}`,
    'ms',
    'own CPU ms',
    'CPU ms of each other',
    'HELLO + KEY + control',
    'bytes sent',
    'delivered',
    'bytes delivered',
  ];
  return tableOf(head, [rowOf('joins', join, members - 1), rowOf('leaves', leave, members - 1)]);
}
