import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { inlet } from '../../../client/src/inlet.ts';
import type { Frame } from '../../../client/src/types.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import { idOf, listening, welcomeOf } from '../../support/engine-doubles.ts';

const frame = (from: string, size = 1, frame_class: Frame['class'] = FRAME_CLASS.POSE): Frame => ({
  from,
  class: frame_class,
  stream: 0,
  layer: 0,
  keyframe: false,
  droppable: false,
  unicast: false,
  payload: new Uint8Array(size),
});

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** An inlet behind which clients of `members` were told to have joined. */
function behind(members: string[] = []) {
  const { events, told } = listening();
  const room = { over: false };
  const into = inlet(events, {
    isMember: (client_id) => members.includes(client_id),
    isOver: () => room.over,
  });
  return { into, told, room, names: () => told.map(([name]) => name) };
}

/** The same, behind its first welcome. */
function entered(members?: string[]) {
  const all = behind(members);
  all.into.welcome(welcomeOf());
  vi.runAllTimers();
  all.told.length = 0;
  return all;
}

describe('what comes behind the first welcome', () => {
  it('waits for the next task, in its order', () => {
    const { into, names } = behind();
    into.welcome(welcomeOf());
    into.peer({ type: 'joined', slot: 1, client_id: idOf(1) });
    into.frame(frame(idOf(1)));
    into.closed(1006, '');
    expect(names()).toEqual(['welcome']);
    vi.runAllTimers();
    expect(names()).toEqual(['welcome', 'peer', 'frame', 'closed']);
    into.welcome(welcomeOf());
    into.dead();
    expect(names().slice(4)).toEqual(['welcome', 'dead']);
  });

  it('is told of no more once the room is over', () => {
    const { into, room, names } = behind();
    into.welcome(welcomeOf());
    into.peer({ type: 'joined', slot: 1, client_id: idOf(1) });
    room.over = true;
    vi.runAllTimers();
    into.moved(undefined);
    expect(names()).toEqual(['welcome']);
  });

  it('begins with the frames that came before it', () => {
    const { into, told, names } = behind();
    into.securing(welcomeOf());
    into.frame(frame(idOf(1), 3));
    into.standing({ sealed: [], securing: [], unsealed: [], disagreeing: [] });
    into.welcome(welcomeOf());
    into.frame(frame(idOf(1), 4));
    expect(names()).toEqual(['securing', 'standing', 'welcome']);
    vi.runAllTimers();
    expect(told.slice(3).map(([, value]) => (value as Frame).payload.length)).toEqual([3, 4]);
  });
});

describe('while keys are being agreed on', () => {
  it('frames of members pass, those of others wait for the welcome that names them', () => {
    const { into, told, names } = entered([idOf(1)]);
    into.securing(welcomeOf());
    into.frame(frame(idOf(2)));
    into.frame(frame(idOf(1)));
    into.welcome(welcomeOf());
    expect(names()).toEqual(['securing', 'frame', 'welcome', 'frame']);
    expect(told.map(([, value]) => (value as Frame).from)).toEqual([undefined, idOf(1), undefined, idOf(2)]);
  });

  it('and once the connection is over, nothing waits: who is not a member any more may still be heard', () => {
    const { into, names } = entered();
    into.securing(welcomeOf());
    into.closed(1006, '');
    into.frame(frame(idOf(1)));
    into.securing(welcomeOf());
    into.dead();
    into.frame(frame(idOf(1)));
    expect(names()).toEqual(['securing', 'closed', 'frame', 'securing', 'dead', 'frame']);
  });

  it('what was said last of congestion waits for the welcome, which tells that there is none', () => {
    const { into, told, names } = entered();
    const hint = (level: 0 | 1 | 2) => ({ kind: 'congested', level, receivers: level }) as const;
    into.securing(welcomeOf());
    into.hint(hint(2));
    into.hint({ kind: 'keyframe', stream: 0 });
    into.hint(hint(1));
    into.welcome(welcomeOf());
    into.hint(hint(0));
    expect(names()).toEqual(['securing', 'hint', 'welcome', 'hint', 'hint']);
    expect(told.slice(3)).toEqual([
      ['hint', hint(1)],
      ['hint', hint(0)],
    ]);
    // Of a connection that is over it says nothing any more.
    into.securing(welcomeOf());
    into.hint(hint(2));
    into.closed(1006, '');
    into.securing(welcomeOf());
    into.welcome(welcomeOf());
    expect(names().slice(5)).toEqual(['securing', 'closed', 'securing', 'welcome']);
  });

  it('so many wait, by number and by bytes; messages beyond that are told to be lost', () => {
    for (const size of [1, 1_024]) {
      const { into, told, names } = entered();
      into.securing(welcomeOf());
      for (let n = 0; n < 1_030; n++) into.frame(frame(idOf(1), size));
      for (let n = 0; n < 3_075; n++) into.frame(frame(idOf(1), size, FRAME_CLASS.MSG));
      expect(told.slice(1)).toEqual(
        [1, 2, 3].map(() => ['trouble', { kind: 'lost', from: idOf(1), count: 1 }]),
      );
      into.welcome(welcomeOf());
      expect(names().filter((name) => name === 'frame')).toHaveLength(4_096);
    }
  });
});
