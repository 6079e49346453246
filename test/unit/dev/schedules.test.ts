import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startSchedules } from '../../../dev/router/schedules.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('each function is called at its interval, until the schedules end', () => {
  const calls: string[] = [];
  const stop = startSchedules(
    [
      { function: 'update-tasks', every_ms: 60_000 },
      { function: 'hourly', every_ms: 3_600_000 },
    ],
    'local',
    (name, event) => calls.push(`${name} ${event['detail-type']} of ${event.resources.join()}`),
  );
  vi.advanceTimersByTime(59_999);
  expect(calls).toEqual([]);
  vi.advanceTimersByTime(60_001);
  const call = 'update-tasks Scheduled Event of arn:aws:events:local:000000000000:rule/update-tasks';
  expect(calls).toEqual([call, call]);
  vi.advanceTimersByTime(3_480_000);
  expect(calls.filter((line) => line.startsWith('hourly'))).toHaveLength(1);
  const before = calls.length;
  stop();
  vi.advanceTimersByTime(7_200_000);
  expect(calls).toHaveLength(before);
});
