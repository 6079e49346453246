import { AnteroomError } from '@anteroom/client';
import type { ErrorCode, ProblemCode } from '@anteroom/client';
import { describe, expect, it } from 'vitest';
import { sharedSettings } from '../../../shared/config/settings.ts';
import { PROBLEMS } from '../../../shared/protocol/problem.ts';
import { explainBreak, explainClose, explainFailure, SEAT_KEPT_MS } from '../../../web/src/explain.ts';

const OWN_CODES = {
  network: true,
  protocol: true,
  aborted: true,
  invalid_argument: true,
  closed: true,
  unreadable: true,
  lost: true,
  not_sent: true,
  not_secure: true,
} satisfies Record<Exclude<ErrorCode, ProblemCode>, true>;
const CODES = [...Object.keys(PROBLEMS), ...Object.keys(OWN_CODES)] as ErrorCode[];

describe('every failure', () => {
  it.each(CODES)('%s is told in plain words, with a way out', (code) => {
    const { title, detail, ways_out } = explainFailure(
      new AnteroomError(code, 'What the service says.'),
      '12345',
    );
    expect(title).toMatch(/^[A-Z][^._]+$/);
    expect(detail).toMatch(/^[A-Z].*\.$/);
    expect(ways_out.length).toBeGreaterThan(0);
    expect(new Set(ways_out).size).toBe(ways_out.length);
  });

  it('of a room that is gone names the room and offers a new one', () => {
    const error = new AnteroomError('room_not_found', 'x');
    expect(explainFailure(error, '12345')).toMatchObject({
      title: 'There is no room 12345 (any more)',
      ways_out: ['create', 'retry'],
    });
  });

  it('of a full room says how many seats there are, as the service does', () => {
    const error = new AnteroomError('room_full', 'All 2 seats of the room are taken.');
    expect(explainFailure(error, '12345')).toEqual({
      title: 'The room is full',
      detail: 'All 2 seats of the room are taken.',
      ways_out: ['retry', 'create'],
    });
  });

  it('of a field names the field', () => {
    const error = new AnteroomError('invalid_request', 'x', {
      faults: [{ path: 'max_clients', message: 'must be at most 10 here' }],
    });
    expect(explainFailure(error).detail).toBe('Seats: must be at most 10 here.');
  });
});

describe('the end of a stay', () => {
  it('needs no words if it was wanted', () => {
    expect(explainClose({ kind: 'left' }, '12345')).toBeUndefined();
  });

  it.each([
    { kind: 'gone' },
    { kind: 'replaced', code: 4409 },
    { kind: 'refused', code: 4413, reason: 'too large' },
  ] as const)('leads back into the room on a new seat: $kind', (reason) => {
    expect(explainClose(reason, '12345')?.ways_out).toEqual(['rejoin', 'create']);
  });

  it('tries the same seat again after an outage', () => {
    const error = new AnteroomError('network', 'x');
    expect(explainClose({ kind: 'gave_up', error }, '12345')).toMatchObject({
      title: 'The connection was lost: the service cannot be reached',
      ways_out: ['retry', 'create'],
    });
  });
});

describe('a break', () => {
  it('leaves the seat for as long as deployments keep it by default, and says so no longer', () => {
    expect(SEAT_KEPT_MS).toBe(sharedSettings.RESUME_GRACE.fallback);
    expect(explainBreak(0)).toBe('The connection was lost. Your seat is kept.');
    expect(explainBreak(SEAT_KEPT_MS - 1)).toBe(explainBreak(0));
    expect(explainBreak(SEAT_KEPT_MS)).toBe('The connection was lost. You may have to join again.');
  });
});
