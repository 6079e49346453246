import { describe, expect, it } from 'vitest';
import { AnteroomError } from '../../../client/src/errors.ts';
import { FIRST_PHASE, stateOf, step } from '../../../client/src/machine.ts';
import type { MachineEvent, Phase } from '../../../client/src/machine.ts';
import { CLOSE } from '../../../shared/protocol/close-codes.ts';
import {
  ASKING,
  closed,
  context,
  LIVE,
  network,
  NOW,
  outage,
  problem,
  refused,
  REOPENING,
  WAITING,
} from './machine-fixtures.ts';

describe('securing', () => {
  const SECURING: Phase = { at: 'securing', outage: undefined };

  it('comes between opening and live, and keeps the outage that it is to end', () => {
    expect(step(FIRST_PHASE, { type: 'securing' }, context())).toEqual({ phase: SECURING, effects: [] });
    const reopened = { at: 'opening', outage: outage({ attempt: 3 }) } as const;
    const { phase } = step(reopened, { type: 'securing' }, context());
    expect(phase).toEqual({ at: 'securing', outage: outage({ attempt: 3 }) });
    expect(stateOf(phase)).toEqual({ status: 'securing' });
    expect(step(phase, { type: 'welcome' }, context()).phase).toEqual({
      at: 'live',
      since: NOW,
      attempts: 3,
    });
  });

  it('does not come again once it is live, nor without a connection', () => {
    for (const phase of [LIVE, SECURING, WAITING, ASKING]) {
      expect(step(phase, { type: 'securing' }, context())).toEqual({ phase, effects: [] });
    }
  });

  it('that breaks is one more attempt of the same outage', () => {
    const reopened: Phase = { at: 'securing', outage: outage({ attempt: 2, since: 5 }) };
    expect(step(reopened, closed(1006), context()).phase).toMatchObject({
      at: 'waiting',
      outage: { attempt: 3, since: 5 },
    });
    expect(step(SECURING, closed(1006), context()).phase).toMatchObject({
      at: 'waiting',
      outage: { attempt: 1, since: NOW },
    });
    // Only a ticket that the relay has just refused may be forgiven.
    expect(step(reopened, closed(4401), context()).phase).toMatchObject({ at: 'closed' });
  });

  it('can be left', () => {
    expect(step(SECURING, { type: 'leave' }, context())).toEqual({
      phase: { at: 'closed', reason: { kind: 'left' } },
      effects: [{ do: 'hang_up', leaving: true }],
    });
  });
});

describe('without an engine', () => {
  it('all is over, for the reason that there is none', () => {
    const error = new AnteroomError('not_secure', 'no WebCrypto');
    expect(step(FIRST_PHASE, { type: 'broken', error }, context())).toEqual({
      phase: { at: 'closed', reason: { kind: 'gave_up', error } },
      effects: [],
    });
  });
});

describe('opening', () => {
  it('is live with the welcome', () => {
    expect(step(FIRST_PHASE, { type: 'welcome' }, context())).toEqual({
      phase: { at: 'live', since: NOW, attempts: 0 },
      effects: [],
    });
    expect(step({ at: 'opening', outage: outage({ attempt: 3 }) }, { type: 'welcome' }, context())).toEqual({
      phase: { at: 'live', since: NOW, attempts: 3 },
      effects: [],
    });
  });

  it('resumes when the first connection fails', () => {
    expect(step(FIRST_PHASE, closed(1006), context())).toEqual({
      phase: {
        at: 'waiting',
        outage: outage({ cause: 'The connection closed with 1006' }),
        retry_in_ms: 100,
        not_before: NOW,
      },
      effects: [{ do: 'wait', ms: 100 }],
    });
  });

  it.each<[string, Phase, number]>([
    ['of the first grant', FIRST_PHASE, 1],
    ['after a resume', REOPENING, 2],
  ])('forgives a refused ticket %s once, and backs off', (_, phase, attempt) => {
    const once = step(phase, closed(4401, 'ticket'), context());
    expect(once).toEqual({
      phase: {
        at: 'waiting',
        outage: outage({ attempt, forgiven: true, cause: 'The connection closed with 4401: ticket' }),
        retry_in_ms: attempt * 100,
        not_before: NOW,
      },
      effects: [{ do: 'wait', ms: attempt * 100 }],
    });
    const again = step(
      { at: 'opening', outage: outage({ attempt, forgiven: true }) },
      closed(4401, 'ticket'),
      context(),
    );
    expect(again).toEqual({
      phase: { at: 'closed', reason: { kind: 'refused', code: 4401, reason: 'ticket' } },
      effects: [],
    });
  });

  it('counts its attempts on, and from when the outage began', () => {
    const next = step({ at: 'opening', outage: outage({ since: 5, attempt: 4 }) }, closed(1006), context());
    expect(next.phase).toMatchObject({ at: 'waiting', outage: { since: 5, attempt: 5 }, retry_in_ms: 500 });
  });

  it('gives up when the policy does, with the last cause', () => {
    const next = step({ at: 'opening', outage: outage({ attempt: 5 }) }, closed(1006, 'reset'), context());
    expect(next).toMatchObject({
      phase: {
        at: 'closed',
        reason: {
          kind: 'gave_up',
          error: { code: 'network', message: 'The connection closed with 1006: reset' },
        },
      },
      effects: [],
    });
  });
});

describe('a room that moved', () => {
  it('hangs up and resumes at once when the room moved before it was live, and keeps its seat', () => {
    expect(step(FIRST_PHASE, { type: 'moved' }, context()).effects).toEqual([
      { do: 'hang_up', leaving: false },
      { do: 'ask' },
    ]);
    expect(step(LIVE, { type: 'moved' }, context())).toEqual({ phase: LIVE, effects: [] });
  });
});

describe('live', () => {
  it.each([
    [CLOSE.BAD_FRAME, { kind: 'refused', code: 4400, reason: 'why' }],
    [CLOSE.UNAUTHORIZED, { kind: 'refused', code: 4401, reason: 'why' }],
    [CLOSE.FORBIDDEN, { kind: 'refused', code: 4403, reason: 'why' }],
    [CLOSE.TOO_LARGE, { kind: 'refused', code: 4413, reason: 'why' }],
    [CLOSE.ROOM_GONE, { kind: 'gone' }],
    [1000, { kind: 'gone' }],
    [CLOSE.REPLACED, { kind: 'replaced', code: 4409 }],
  ])('is over with close code %i', (code, reason) => {
    expect(step(LIVE, closed(code, 'why'), context())).toEqual({
      phase: { at: 'closed', reason },
      effects: [],
    });
  });

  it.each([CLOSE.TIMEOUT, CLOSE.TOO_SLOW, CLOSE.INTERNAL, 1001, 1006, 1011, 4999])(
    'backs off after close code %i',
    (code) => {
      expect(step(LIVE, closed(code), context()).effects).toEqual([{ do: 'wait', ms: 100 }]);
    },
  );

  it.each<[string, MachineEvent]>([
    ['4503', closed(CLOSE.DRAINING)],
    ['silence', { type: 'dead' }],
  ])('resumes at once after %s', (_, event) => {
    const next = step(LIVE, event, context());
    expect(next.effects).toEqual([{ do: 'ask' }]);
    expect(next.phase).toMatchObject({ at: 'asking', outage: { since: NOW, attempt: 1 } });
  });

  it('waits for the connection that is opened in its place already', () => {
    expect(step(LIVE, { type: 'reopening', code: 1006, reason: '' }, context())).toEqual({
      phase: { at: 'opening', outage: outage({ cause: 'The connection closed with 1006' }) },
      effects: [],
    });
  });

  it('asks the policy even where it would not wait', () => {
    const never = { ...context(), policy: () => null };
    expect(step(LIVE, closed(CLOSE.DRAINING), never).phase).toMatchObject({
      at: 'closed',
      reason: { kind: 'gave_up' },
    });
    expect(step(FIRST_PHASE, { type: 'moved' }, never).effects).toEqual([{ do: 'hang_up', leaving: false }]);
  });

  it('counts attempts on when it breaks soon after it came back, and then waits in any case', () => {
    const flapping: Phase = { at: 'live', since: NOW - 9_999, attempts: 2 };
    expect(step(flapping, closed(CLOSE.DRAINING), context())).toMatchObject({
      phase: { at: 'waiting', outage: { attempt: 3, since: NOW } },
      effects: [{ do: 'wait', ms: 300 }],
    });
    const stable: Phase = { at: 'live', since: NOW - 10_000, attempts: 2 };
    expect(step(stable, closed(1006), context()).phase).toMatchObject({ outage: { attempt: 1 } });
  });

  it('hangs up with its seat when it is left', () => {
    expect(step(LIVE, { type: 'leave' }, context())).toEqual({
      phase: { at: 'closed', reason: { kind: 'left' } },
      effects: [{ do: 'hang_up', leaving: true }],
    });
  });
});

describe('waiting', () => {
  it('asks when it is time', () => {
    expect(step(WAITING, { type: 'due' }, context())).toEqual({ phase: ASKING, effects: [{ do: 'ask' }] });
  });

  it('asks at once when the network is back, but not before the router wants to be asked', () => {
    expect(step(WAITING, { type: 'woke' }, context())).toEqual({
      phase: ASKING,
      effects: [{ do: 'cancel' }, { do: 'ask' }],
    });
    const told: Phase = { ...WAITING, not_before: NOW + 1 };
    expect(step(told, { type: 'woke' }, context())).toEqual({ phase: told, effects: [] });
    expect(step(told, { type: 'woke' }, context(NOW + 1)).phase).toEqual(ASKING);
  });

  it('asks at once when there is news of the room, whenever the router wanted to be asked', () => {
    const told: Phase = { ...WAITING, not_before: NOW + 60_000 };
    expect(step(told, { type: 'told' }, context()).phase).toEqual(ASKING);
    for (const phase of [LIVE, ASKING, REOPENING]) {
      expect(step(phase, { type: 'told' }, context())).toEqual({ phase, effects: [] });
    }
  });

  it('ends its wait when it is left', () => {
    expect(step(WAITING, { type: 'leave' }, context())).toEqual({
      phase: { at: 'closed', reason: { kind: 'left' } },
      effects: [{ do: 'cancel' }],
    });
  });
});

describe('asking', () => {
  it('opens a socket with the grant', () => {
    expect(step(ASKING, { type: 'granted' }, context())).toEqual({
      phase: REOPENING,
      effects: [{ do: 'open' }],
    });
  });

  it.each(['room_not_found', 'client_not_found'] as const)('is over with %s', (code) => {
    expect(step(ASKING, refused(problem(code)), context()).phase).toEqual({
      at: 'closed',
      reason: { kind: 'gone' },
    });
  });

  it('does not take a path that is not there for a seat that is gone', () => {
    const error = problem('not_found');
    expect(step(ASKING, refused(error), context()).phase).toEqual({
      at: 'closed',
      reason: { kind: 'gave_up', error },
    });
  });

  it('tries again what may work later', () => {
    expect(step(ASKING, refused(network()), context())).toEqual({
      phase: {
        at: 'waiting',
        outage: outage({ attempt: 2, cause: 'no answer' }),
        retry_in_ms: 200,
        not_before: NOW,
      },
      effects: [{ do: 'wait', ms: 200 }],
    });
  });

  it.each([
    new AnteroomError('protocol', '408', { status: 408 }),
    new AnteroomError('protocol', 'a page in place of a grant'),
    new AnteroomError('not_found', '{"message":"Not Found"}', { status: 404 }),
    new AnteroomError('forbidden', 'of a firewall', { status: 403 }),
    new AnteroomError('room_not_found', 'of somebody else', { status: 404 }),
  ])('tries again where it is not the router that refuses: $message', (error) => {
    expect(step(ASKING, refused(error), context())).toMatchObject({
      phase: { at: 'waiting', outage: { attempt: 2, cause: error.message } },
      effects: [{ do: 'wait', ms: 200 }],
    });
  });

  it('waits as long as Retry-After says, and then as the policy does', () => {
    expect(step(ASKING, refused(network(5_000)), context()).phase).toMatchObject({
      retry_in_ms: 5_200,
      not_before: NOW + 5_000,
    });
    expect(step(ASKING, refused(network(50)), context()).phase).toMatchObject({
      retry_in_ms: 250,
      not_before: NOW + 50,
    });
    const longest = 2 ** 31 - 1;
    expect(step(ASKING, refused(network(longest)), context()).phase).toMatchObject({ retry_in_ms: longest });
  });

  it('gives up with the error of the router', () => {
    const error = network();
    const last: Phase = { at: 'asking', outage: outage({ attempt: 5 }) };
    expect(step(last, refused(error), context()).phase).toEqual({
      at: 'closed',
      reason: { kind: 'gave_up', error },
    });
  });
});

describe('the policy', () => {
  it.each([
    [0, [{ do: 'ask' }]],
    [0.5, [{ do: 'wait', ms: 0.5 }]],
    [2 ** 40, [{ do: 'wait', ms: 2 ** 31 - 1 }]],
  ])('may want %d ms', (ms, effects) => {
    expect(step(LIVE, closed(1006), { ...context(), policy: () => ms }).effects).toEqual(effects);
  });

  it.each([null, undefined, Number.NaN, Infinity, -5, '100', Promise.resolve(100), {}])(
    'gives up with %j',
    (answer) => {
      const policy = () => answer as number;
      for (const code of [1006, CLOSE.DRAINING]) {
        expect(step(LIVE, closed(code), { ...context(), policy })).toMatchObject({
          phase: { at: 'closed', reason: { kind: 'gave_up', error: { code: 'network' } } },
          effects: [],
        });
      }
    },
  );

  it('learns the attempt and how long the outage lasts', () => {
    const asked: [number, number][] = [];
    const policy = (...call: [number, number]) => {
      asked.push(call);
      return 1;
    };
    step({ at: 'asking', outage: outage({ since: NOW - 700, attempt: 3 }) }, refused(network()), {
      ...context(),
      policy,
    });
    expect(asked).toEqual([[4, 700]]);
  });
});

describe('stateOf', () => {
  it.each<[Phase, object]>([
    [FIRST_PHASE, { status: 'connecting' }],
    [LIVE, { status: 'live' }],
    [WAITING, { status: 'reconnecting', attempt: 1, retry_in_ms: 100, cause: 'x' }],
    [ASKING, { status: 'reconnecting', attempt: 1, retry_in_ms: 0, cause: 'x' }],
    [REOPENING, { status: 'reconnecting', attempt: 1, retry_in_ms: 0, cause: 'x' }],
    [
      { at: 'closed', reason: { kind: 'left' } },
      { status: 'closed', reason: { kind: 'left' } },
    ],
  ])('shows %j', (phase, state) => {
    expect(stateOf(phase)).toEqual(state);
  });
});
