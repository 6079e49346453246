/** Between an engine and a session: what comes too early for those who are to hear it waits here. */
import { FRAME_CLASS } from '../../shared/protocol/frame.ts';
import type { EngineEvents, Hint } from './engine/engine.ts';
import type { Frame } from './types.ts';

/** Frames that wait at most, and bytes of them; messages (class MSG) may be four times as many. */
const MOST_FRAMES = 1_024;
const MOST_BYTES = 1_048_576;
const MESSAGE_FACTOR = 4;

/**
 * Passes events on, in their order, except that
 * - what comes behind the first welcome waits for another task: until then the application has no listener yet, since its
 *   `await` of the room goes on in a microtask, and an engine may tell several things in one task;
 * - while keys are being agreed on, frames of those who were not told to have joined wait for the welcome that tells it, and
 *   so does what was said last of congestion: the welcome tells that there is none.
 * Once the room is over, nothing passes.
 */
export function inlet(
  events: EngineEvents,
  { isMember, isOver }: { isMember: (client_id: string) => boolean; isOver: () => boolean },
): EngineEvents {
  let securing = false;
  let early: Frame[] = [];
  let early_bytes = 0;
  let congestion: Hint | undefined;
  /** Waiting for the task after the first welcome; undefined before and after that. */
  let waiting: (() => void)[] | undefined;
  let welcomed = false;

  const pass = (event: () => void): void => {
    if (waiting !== undefined) waiting.push(event);
    else if (!isOver()) event();
  };
  const release = (): void => {
    const held = waiting ?? [];
    waiting = undefined;
    for (const event of held) pass(event);
  };
  const takeEarly = (): Frame[] => {
    const frames = early;
    early = [];
    early_bytes = 0;
    return frames;
  };
  const keep = (frame: Frame): void => {
    const factor = frame.class === FRAME_CLASS.MSG ? MESSAGE_FACTOR : 1;
    const bytes = early_bytes + frame.payload.length;
    if (early.length < factor * MOST_FRAMES && bytes <= factor * MOST_BYTES) {
      early.push(frame);
      early_bytes = bytes;
    } else if (factor > 1) {
      events.trouble({ kind: 'lost', from: frame.from, count: 1 });
    }
  };

  return {
    securing(welcome) {
      pass(() => {
        securing = true;
        congestion = undefined;
        events.securing(welcome);
      });
    },
    welcome(welcome) {
      pass(() => {
        securing = false;
        events.welcome(welcome);
        if (!welcomed) {
          waiting = [];
          setTimeout(release, 0);
        }
        welcomed = true;
        for (const frame of takeEarly()) pass(() => events.frame(frame));
        const hint = congestion;
        congestion = undefined;
        if (hint !== undefined) pass(() => events.hint(hint));
      });
    },
    frame(frame) {
      pass(() => {
        if (securing && !isMember(frame.from)) keep(frame);
        else events.frame(frame);
      });
    },
    closed(code, reason) {
      pass(() => {
        securing = false;
        events.closed(code, reason);
      });
    },
    dead() {
      pass(() => {
        securing = false;
        events.dead();
      });
    },
    hint(hint) {
      pass(() => {
        if (securing && hint.kind === 'congested') congestion = hint;
        else events.hint(hint);
      });
    },
    reopening(code, reason) {
      pass(() => {
        securing = false;
        events.reopening(code, reason);
      });
    },
    moved: (url) => pass(() => events.moved(url)),
    arrived: (welcome) => pass(() => events.arrived(welcome)),
    strayed: (code, reason) => pass(() => events.strayed(code, reason)),
    peer: (message) => pass(() => events.peer(message)),
    standing: (standing) => pass(() => events.standing(standing)),
    trouble: (trouble) => pass(() => events.trouble(trouble)),
    fault: (message, from) => pass(() => events.fault(message, from)),
    move: (move) => pass(() => events.move(move)),
  };
}
