import { tableOf } from '../table.ts';
import type { ReceiverResult } from './run.ts';

export function slowTable(results: readonly ReceiverResult[]): string {
  return tableOf(
    ['room', 'receiver', 'fps', 'age p50, ms', 'p95, ms', 'left out of layer 0', '1', '2', 'keyframes asked'],
    results.map((result) => [
      result.room,
      result.receiver,
      result.fps.toFixed(1),
      result.age_p50_ms.toFixed(1),
      result.age_p95_ms.toFixed(1),
      ...result.left_out.map(String),
      String(result.keyframes_asked),
    ]),
  );
}

export interface Goal {
  goal: string;
  met: boolean;
}

/** What the relay is to reach, and whether it did. */
export function goalsOf(results: readonly ReceiverResult[]): Goal[] {
  const goals: Goal[] = [];
  const check = (receiver: string, goal: string, met: (result: ReceiverResult) => boolean): void => {
    const of = results.filter((result) => result.receiver === receiver);
    if (of.length > 0) goals.push({ goal: `${receiver}: ${goal}`, met: of.every(met) });
  };
  check('60 kB/s', 'p95 of the age under 400 ms', ({ age_p95_ms }) => age_p95_ms < 400);
  check('60 kB/s', 'at least 10 fps', ({ fps }) => fps >= 10);
  check('fast', 'p95 of the age under 30 ms', ({ age_p95_ms }) => age_p95_ms < 30);
  check('fast', 'at least 29 fps', ({ fps }) => fps >= 29);
  check('200 ms away', 'no layer lost', ({ left_out }) => left_out.every((count) => count === 0));
  return goals;
}

export function goalLines(goals: readonly Goal[]): string {
  return goals.map(({ goal, met }) => `${met ? 'met   ' : 'MISSED'}  ${goal}`).join('\n');
}
