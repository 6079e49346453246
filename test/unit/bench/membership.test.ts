import { expect, it } from 'vitest';
import { measureMembership } from '../../../bench/e2ee/membership/measure.ts';
import { membershipTable } from '../../../bench/e2ee/membership/report.ts';
import { totalOf } from '../../../bench/e2ee/membership/tally.ts';

it('measures what a join and a leave take in a small room', async () => {
  const result = await measureMembership({ members: 3, rounds: 1 }, () => undefined);
  const { join, leave } = result;
  // One HELLO to all, one from each of the others; a KEY in each direction, and where its owner's lanes stand. On a machine
  // that stood still, something may be said once more.
  expect(join.tally.hello.frames).toBeGreaterThanOrEqual(3);
  expect(join.tally.key.frames).toBeGreaterThanOrEqual(4);
  expect(join.tally.control.frames).toBeGreaterThanOrEqual(4);
  expect(totalOf(join.tally).delivered).toBeGreaterThan(totalOf(join.tally).frames);
  expect(join.own_cpu_ms.median).toBeGreaterThan(0);
  // BYE, and a KEY of each who stays for each other.
  expect(leave.tally.control.frames).toBeGreaterThanOrEqual(1);
  expect(leave.tally.key.frames).toBeGreaterThanOrEqual(2);
  // A second to gather, half a second until the key is used.
  expect(leave.ms.least).toBeGreaterThan(1_400);
  expect(membershipTable(result)).toMatch(/^joins .* \d+ \+ \d+ \+ \d+ /m);
});
