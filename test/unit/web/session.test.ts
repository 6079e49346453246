import { FRAME_CLASS } from '@anteroom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodePointer } from '../../../web/src/protocol/pointer.ts';
import { AWAY_LIMIT_MS, NAME_WAIT_MS, openSession } from '../../../web/src/state/session.ts';
import type { Session } from '../../../web/src/state/session.ts';
import { Display } from './display.ts';
import { FakeRoom } from './fake-room.ts';

const BREAK = { status: 'reconnecting', attempt: 1, retry_in_ms: 100, cause: '1006' } as const;

let room: FakeRoom;
let display: Display;
let session: Session;

function open(): void {
  session = openSession(room, 'Ada', display.nextFrame);
}

/** The log as the chat shows it, in short. */
function log(): string[] {
  return session.entries.value.map((entry) => {
    if (entry.kind === 'chat') return `${session.nameOf(entry.from)}: ${entry.text}`;
    if (entry.kind === 'self') return entry.what;
    return `${session.nameOf(entry.change.client_id)} ${entry.change.kind}`;
  });
}

const names = (): string[] => session.people.value.map(({ name }) => name);

beforeEach(() => {
  vi.useFakeTimers();
  room = new FakeRoom();
  display = new Display(1_000 / 60);
});

afterEach(() => {
  session.dispose();
  vi.useRealTimers();
});

describe('names', () => {
  it('are told to everybody on entering, and to each newcomer alone', () => {
    open();
    room.join('b-1');
    expect(room.sent.map(({ text, to }) => [text, to])).toEqual([
      ['{"v":1,"kind":"name","name":"Ada"}', undefined],
      ['{"v":1,"kind":"name","name":"Ada"}', 'b-1'],
    ]);
  });

  it('of others are shown once they are told; until then they are guests', () => {
    room.members = [{ client_id: 'b-1' }];
    open();
    expect(names()).toEqual(['Ada', 'Guest b-1']);
    room.receive('b-1', { v: 1, kind: 'name', name: 'Bob' });
    expect(names()).toEqual(['Ada', 'Bob']);
    expect(log()).toEqual(['entered']);
  });

  it('are waited for before a newcomer is announced, but not for long', () => {
    open();
    room.join('b-1');
    expect(log()).toEqual(['entered']);
    room.receive('b-1', { v: 1, kind: 'name', name: 'Bob' });
    room.join('c-22');
    expect(log()).toEqual(['entered', 'Bob joined']);
    vi.advanceTimersByTime(NAME_WAIT_MS);
    expect(log()).toEqual(['entered', 'Bob joined', 'Guest c-22 joined']);
  });

  it('of somebody who comes and goes at once are not waited for', () => {
    open();
    room.join('b-1');
    room.part('b-1', true);
    vi.advanceTimersByTime(NAME_WAIT_MS);
    expect(log()).toEqual(['entered']);
  });
});

describe('people', () => {
  it('who lose the connection stay for a while, and are back without a second entry', () => {
    open();
    room.join('b-1');
    room.receive('b-1', { v: 1, kind: 'name', name: 'Bob' });
    room.part('b-1', false);
    expect(session.people.value[1]).toMatchObject({ name: 'Bob', presence: 'away' });
    room.join('b-1');
    expect(names()).toEqual(['Ada', 'Bob']);
    room.part('b-1', true);
    expect(names()).toEqual(['Ada']);
    expect(log()).toEqual(['entered', 'Bob joined', 'Bob away', 'Bob back', 'Bob left']);
  });

  it('who stay away are gone after the limit, whatever the relay says', () => {
    room.members = [{ client_id: 'b-1' }];
    open();
    room.part('b-1', false);
    vi.advanceTimersByTime(AWAY_LIMIT_MS);
    expect(names()).toEqual(['Ada']);
    expect(log()).toEqual(['entered', 'Guest b-1 away', 'Guest b-1 left']);
  });

  it('are the same after a break of everybody, and only their return is news', () => {
    room.members = [{ client_id: 'b-1' }, { client_id: 'c-2' }];
    open();
    room.sent.length = 0;
    room.enterState(BREAK);
    room.enterState({ status: 'connecting' });
    room.members = [{ client_id: 'b-1' }];
    room.enterState({ status: 'live' });
    // The SDK says it too, after it is live.
    room.emit('left', { client_id: 'c-2', gone: false });
    expect(names()).toEqual(['Ada', 'Guest b-1', 'Guest c-2']);
    room.join('c-2');
    expect(names()).toEqual(['Ada', 'Guest b-1', 'Guest c-2']);
    expect(log()).toEqual(['entered', 'reconnected', 'Guest c-2 back']);
    expect(room.sent.map(({ to }) => to)).toEqual([undefined, 'c-2']);
  });
});

describe('chat', () => {
  it('shows what oneself and others say', () => {
    open();
    expect(session.say('  Hello \n')).toBe(true);
    room.receive('b-1', { v: 1, kind: 'chat', text: 'Hi' });
    room.receive('b-1', { v: 1, kind: 'dance' });
    expect(log()).toEqual(['entered', 'Ada: Hello', 'Guest b-1: Hi']);
    expect(room.sent.at(-1)?.text).toBe('{"v":1,"kind":"chat","text":"Hello"}');
  });

  it('keeps nothing that could not be sent', () => {
    open();
    room.enterState(BREAK);
    expect(session.say('Hello')).toBe(false);
    expect(session.say(' ')).toBe(false);
    expect(log()).toEqual(['entered']);
  });
});

describe('pointers', () => {
  const pointer = { x: 1, y: 0, pressed: false, visible: true };

  it('of others are kept by client id, and go with them', () => {
    room.members = [{ client_id: 'b-1' }];
    open();
    room.receivePose('b-1', encodePointer(pointer));
    room.receivePose('b-1', new Uint8Array([0xff]));
    expect(session.pointers.get('b-1')).toEqual(pointer);
    room.part('b-1', false);
    expect(session.pointers.get('b-1')).toBeUndefined();
  });

  it('of oneself are sent with the next frame, and to newcomers at once', () => {
    open();
    room.sent.length = 0;
    session.point(pointer);
    expect(room.sent).toEqual([]);
    display.frame();
    expect(room.sent).toMatchObject([
      { class: FRAME_CLASS.POSE, bytes: [...encodePointer(pointer)], to: undefined },
    ]);
    room.join('b-1');
    expect(room.sent.at(-1)).toMatchObject({ class: FRAME_CLASS.POSE, to: 'b-1' });
  });

  it('are not queued behind a slow connection', () => {
    open();
    room.sent.length = 0;
    room.bufferedAmount = 1_000_000;
    session.point(pointer);
    display.frame();
    expect(room.sent).toEqual([]);
  });
});

describe('leaving', () => {
  it('gives the seat up and stops listening', async () => {
    open();
    await session.leave();
    expect(room.left).toBe(true);
    expect(room.listening).toBe(0);
  });

  it('stops the timers too', () => {
    room.members = [{ client_id: 'b-1' }];
    open();
    room.part('b-1', false);
    room.join('c-2');
    expect(vi.getTimerCount()).toBe(2);
    session.dispose();
    expect(vi.getTimerCount()).toBe(0);
    expect(room.listening).toBe(0);
  });
});
