import { describe, expect, it } from 'vitest';
import { AnteroomError } from '../../../client/src/errors.ts';
import { AT_REST, moveStep } from '../../../client/src/move.ts';
import type { Move, MoveEvent } from '../../../client/src/move.ts';

const NOW = 1_000;
const context = { now: NOW, policy: (attempt: number) => attempt * 100 };
const after = (move: Move, event: MoveEvent) => moveStep(move, event, context);
const attempt = <At extends string>(at: At, number = 1) => ({ at, attempt: number, since: NOW });
const refused = (more: ConstructorParameters<typeof AnteroomError>[2]): MoveEvent => ({
  type: 'refused',
  error: new AnteroomError('no_task_available', 'none', more),
});

const OPENING: Move = attempt('opening');
const WAITING: Move = attempt('waiting', 2);
const ASKING: Move = attempt('asking', 2);

describe('a room that moves', () => {
  it('is followed to where the relay says, or else the router', () => {
    expect(after(AT_REST, { type: 'moved', url: 'ws://b' })).toEqual({
      move: OPENING,
      effects: [{ do: 'open', url: 'ws://b' }],
    });
    expect(after(AT_REST, { type: 'moved', url: undefined })).toEqual({
      move: attempt('asking'),
      effects: [{ do: 'ask' }],
    });
    expect(after(ASKING, { type: 'granted' })).toEqual({
      move: attempt('opening', 2),
      effects: [{ do: 'open', url: undefined }],
    });
    expect(after(OPENING, { type: 'arrived' })).toEqual({ move: AT_REST, effects: [] });
  });

  it('and moves once more meanwhile is followed to the latest place', () => {
    for (const busy of [WAITING, ASKING]) {
      expect(after(busy, { type: 'moved', url: 'ws://c' })).toEqual({
        move: OPENING,
        effects: [{ do: 'cancel' }, { do: 'open', url: 'ws://c' }],
      });
    }
  });

  it('is asked for at the router, as the policy says, where it cannot be reached', () => {
    expect(after(OPENING, { type: 'strayed' })).toEqual({
      move: WAITING,
      effects: [{ do: 'wait', ms: 100 }],
    });
    expect(after(WAITING, { type: 'due' })).toEqual({ move: ASKING, effects: [{ do: 'ask' }] });
    expect(after(ASKING, refused({ retryable: true, from_router: true, retry_after_ms: 7_000 }))).toEqual({
      move: attempt('waiting', 3),
      effects: [{ do: 'wait', ms: 7_200 }],
    });
    // Also when it was reached, and lost again before anything depended on it.
    expect(after(AT_REST, { type: 'strayed' })).toEqual({
      move: WAITING,
      effects: [{ do: 'wait', ms: 100 }],
    });
  });

  it('is followed no more where the router or the policy will not have it, or there is nothing to follow with', () => {
    expect(after(ASKING, refused({ from_router: true }))).toEqual({ move: AT_REST, effects: [] });
    expect(moveStep(OPENING, { type: 'strayed' }, { now: NOW, policy: () => null })).toEqual({
      move: AT_REST,
      effects: [],
    });
    expect(after(OPENING, { type: 'over' })).toEqual({ move: AT_REST, effects: [] });
    for (const busy of [WAITING, ASKING]) {
      expect(after(busy, { type: 'over' })).toEqual({ move: AT_REST, effects: [{ do: 'cancel' }] });
    }
  });

  it('is not followed twice for what comes late', () => {
    for (const [move, event] of [
      [WAITING, { type: 'strayed' }],
      [ASKING, { type: 'strayed' }],
      [ASKING, { type: 'due' }],
      [AT_REST, { type: 'granted' }],
      [OPENING, refused({ from_router: true })],
    ] as const) {
      expect(after(move, event)).toEqual({ move, effects: [] });
    }
  });
});
