import { describe, expect, it } from 'vitest';
import { AnteroomError } from '../../../client/src/errors.ts';
import type { ErrorCode } from '../../../client/src/errors.ts';
import type { CloseReason } from '../../../client/src/types.ts';
import { Ledger } from '../../soak/ledger.ts';
import { noteEnd, noteRefusal } from '../../soak/told.ts';

const GRACE_MS = 15_000;
const CONNECT_MS = 30_000;

function refuse(ledger: Ledger, code: ErrorCode, { ago = 0, resuming = false, deserted = false } = {}): void {
  noteRefusal(ledger, new AnteroomError(code, 'why'), {
    what: 'a call',
    since: Date.now() - ago,
    resuming,
    deserted,
    connect_timeout_ms: CONNECT_MS,
    resume_grace_ms: GRACE_MS,
  });
}

describe('a refusal', () => {
  it.each(['network', 'internal', 'request_in_flight'] as const)(
    'by %s needs a router that was away',
    (code) => {
      const ledger = new Ledger();
      ledger.fault('kill').over();
      refuse(ledger, code);
      expect(ledger.breaches_in_all, 'with only a task killed').toBe(1);
      ledger.fault('router').over();
      refuse(ledger, code, { ago: 100 });
      expect([ledger.breaches_in_all, ledger.counts.refused, ledger.refusals[code]]).toEqual([1, 1, 1]);
    },
  );

  it.each(['no_task_available', 'room_full', 'idempotency_key_reused', 'room_not_found'] as const)(
    'by %s is never explained',
    (code) => {
      const ledger = new Ledger();
      ledger.fault('router');
      refuse(ledger, code, { ago: 60_000 });
      expect(ledger.breaches_in_all).toBe(1);
    },
  );

  it('of a resume may say that the seat is gone, once that had run out', () => {
    const ledger = new Ledger();
    refuse(ledger, 'client_not_found', { resuming: true, ago: GRACE_MS + 1 });
    expect([ledger.breaches_in_all, ledger.counts.seats_gone]).toEqual([0, 1]);
    refuse(ledger, 'client_not_found', { resuming: true, ago: 1_000 });
    expect(ledger.breaches_in_all).toBe(1);
  });

  it('of a new seat may say that it is gone, once it and another had run out', () => {
    const ledger = new Ledger();
    refuse(ledger, 'closed', { ago: 2 * CONNECT_MS });
    expect([ledger.breaches_in_all, ledger.counts.seats_gone]).toEqual([0, 1]);
    refuse(ledger, 'closed', { ago: 2 * CONNECT_MS - 1_000 });
    expect(ledger.breaches_in_all).toBe(1);
  });

  it('may say that the room is gone, once it was deserted', () => {
    const ledger = new Ledger();
    refuse(ledger, 'room_not_found', { deserted: true });
    expect([ledger.breaches_in_all, ledger.counts.seats_gone]).toEqual([0, 1]);
    refuse(ledger, 'room_full', { deserted: true });
    expect(ledger.breaches_in_all).toBe(1);
  });

  it('that the client wanted itself is counted', () => {
    const ledger = new Ledger();
    refuse(ledger, 'aborted');
    expect([ledger.breaches_in_all, ledger.counts.aborted]).toEqual([0, 1]);
  });
});

describe('the end of a room', () => {
  const end = (reason: CloseReason, away_ms: number) => {
    const ledger = new Ledger();
    noteEnd(ledger, reason, { who: 'ann', away_ms, resume_grace_ms: GRACE_MS });
    return ledger;
  };

  it('is right for a client whose seat had run out', () => {
    expect(end({ kind: 'gone' }, GRACE_MS)).toMatchObject({ breaches_in_all: 0, counts: { seats_gone: 1 } });
  });

  it.each<[CloseReason, number]>([
    [{ kind: 'gone' }, GRACE_MS - 1],
    [{ kind: 'replaced', code: 4409 }, GRACE_MS],
    [{ kind: 'refused', code: 4401, reason: 'ticket' }, GRACE_MS],
    [{ kind: 'gave_up', error: new AnteroomError('network', 'why') }, GRACE_MS],
  ])('is a breach by %j after %i ms', (reason, away_ms) => {
    expect(end(reason, away_ms).breaches).toEqual([expect.stringMatching(/ann was told/)]);
  });
});
