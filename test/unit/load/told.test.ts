import { describe, expect, it } from 'vitest';
import { AnteroomError } from '../../../client/src/errors.ts';
import type { ErrorCode } from '../../../client/src/errors.ts';
import type { CloseReason } from '../../../client/src/types.ts';
import { Ledger } from '../../support/load/ledger.ts';
import { noteEnd, noteRefusal, noteTrouble } from '../../support/load/told.ts';

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
  it.each(['network', 'internal', 'request_in_flight', 'no_task_available'] as const)(
    'by %s needs a router or a DynamoDB that was away',
    (code) => {
      const ledger = new Ledger();
      ledger.fault('kill', 'task-1').over();
      refuse(ledger, code);
      expect(ledger.breaches_in_all, 'with only a task killed').toBe(1);
      ledger.fault('router', 'router').over();
      refuse(ledger, code, { ago: 100 });
      expect([ledger.breaches_in_all, ledger.counts.refused, ledger.refusals[code]]).toEqual([1, 1, 1]);
    },
  );

  it.each(['room_full', 'idempotency_key_reused', 'room_not_found'] as const)(
    'by %s is never explained',
    (code) => {
      const ledger = new Ledger();
      ledger.fault('router', 'router');
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

describe('what a room complains of', () => {
  const complain = (code: ErrorCode, more: object, torn = false) => {
    const ledger = new Ledger();
    const trouble = { error: new AnteroomError(code, 'why'), from: 'bob', count: 2, ...more };
    noteTrouble(ledger, trouble, { who: 'ann', torn: () => torn });
    return ledger;
  };

  it('may be frames whose key is not there yet, or that came before', () => {
    for (const reason of ['no_key', 'key', 'replay'] as const) {
      expect(complain('unreadable', { reason })).toMatchObject({
        breaches_in_all: 0,
        counts: { frames_unread: 2 },
      });
    }
    expect(complain('unreadable', { reason: 'signature' }, true).breaches_in_all).toBe(1);
    expect(complain('unreadable', { reason: 'tag' }).breaches_in_all).toBe(1);
    expect(complain('unreadable', { reason: 'tag' }, true).breaches_in_all).toBe(0);
  });

  it('may be a message lost only with the page of its sender, or with its own', () => {
    expect(complain('lost', {}, true)).toMatchObject({ breaches_in_all: 0, counts: { frames_missing: 2 } });
    expect(complain('lost', {}).breaches).toEqual([expect.stringMatching(/ann: lost: why/)]);
    expect(complain('not_sent', {}, true).breaches_in_all).toBe(1);
    expect(complain('protocol', {}, true).breaches_in_all).toBe(1);
  });
});
