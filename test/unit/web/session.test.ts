import { FRAME_CLASS } from '@anteroom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodePointer, encodePointer } from '../../../web/src/protocol/pointer.ts';
import { NAME_WAIT_MS } from '../../../web/src/state/announcer.ts';
import { LOG_LIMIT } from '../../../web/src/state/log.ts';
import { CHAT_BURST, openSession } from '../../../web/src/state/session.ts';
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
  display.frame();
  return session.entries.value.map((entry) => {
    if (entry.kind === 'chat') return `${entry.name}: ${entry.text}`;
    if (entry.kind === 'self') return entry.what;
    if (entry.kind === 'unsent') return entry.kind;
    if (entry.kind === 'lost') return `${entry.name} lost ${entry.count}`;
    return `${entry.name} ${entry.change.kind}`;
  });
}

/** `client_id` says what it is called. */
const call = (client_id: string, name: string): void => room.receive(client_id, { v: 1, kind: 'name', name });

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
    room.members = [{ client_id: 'b-1', sealed: true }];
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

  it('of a newcomer who is cut off at once are waited for anew, and nobody is back who never joined', () => {
    open();
    room.join('b-1');
    room.part('b-1', false);
    vi.advanceTimersByTime(NAME_WAIT_MS);
    expect(log()).toEqual(['entered']);
    room.join('b-1');
    call('b-1', 'Bob');
    room.part('b-1', false);
    room.join('b-1');
    expect(log()).toEqual(['entered', 'Bob joined', 'Bob away', 'Bob back']);
  });

  it('that are the same are told apart', () => {
    open();
    room.join('b111-1');
    room.join('c222-2');
    call('b111-1', 'Grace');
    expect(names()).toEqual(['Ada', 'Grace', 'Guest c222']);
    call('c222-2', 'grace');
    expect(names()).toEqual(['Ada', 'Grace (b111)', 'grace (c222)']);
    room.part('b111-1', true);
    expect(names()).toEqual(['Ada', 'grace']);
    room.join('d333-3');
    call('d333-3', 'Ada');
    expect(names()).toEqual(['Ada', 'grace', 'Ada (d333)']);
  });

  it('do not change what has been read', () => {
    open();
    room.join('b-1');
    call('b-1', 'Bob');
    room.receive('b-1', { v: 1, kind: 'chat', text: 'Hi' });
    vi.advanceTimersByTime(2_000);
    call('b-1', 'Grace');
    room.part('b-1', true);
    expect(log()).toEqual(['entered', 'Bob joined', 'Bob: Hi', 'Grace left']);
  });

  it('are forgotten with those who have left, and not taken from those who are not here', () => {
    open();
    call('b-1', 'Bob');
    room.join('b-1');
    expect(names()).toEqual(['Ada', 'Guest b-1']);
    call('b-1', 'Bob');
    room.part('b-1', true);
    room.join('b-1');
    expect(names()).toEqual(['Ada', 'Guest b-1']);
  });

  it('said again cost nothing, and change once a second at most', () => {
    open();
    room.join('b-1');
    let changes = -1;
    const stop = session.people.subscribe(() => changes++);
    for (let i = 0; i < 1_000; i++) call('b-1', 'Bob');
    expect(changes).toBe(1);
    for (let i = 0; i < 1_000; i++) call('b-1', `Bob ${i}`);
    expect(changes).toBe(1);
    vi.advanceTimersByTime(1_000);
    for (let i = 0; i < 1_000; i++) call('b-1', `Bob ${i}`);
    expect(names()).toEqual(['Ada', 'Bob 0']);
    stop();
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

  it('who are away are shown until they are gone for good', () => {
    room.members = [{ client_id: 'b-1', sealed: true }];
    open();
    room.part('b-1', false);
    expect(names()).toEqual(['Ada', 'Guest b-1']);
    room.part('b-1', true);
    expect(names()).toEqual(['Ada']);
    expect(log()).toEqual(['entered', 'Guest b-1 away', 'Guest b-1 left']);
  });

  it('are the same after a break of everybody, and only their return is news', () => {
    room.members = [
      { client_id: 'b-1', sealed: true },
      { client_id: 'c-2', sealed: true },
    ];
    open();
    room.sent.length = 0;
    room.enterState(BREAK);
    room.enterState({ status: 'connecting' });
    room.members = [{ client_id: 'b-1', sealed: true }];
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
    room.members = [{ client_id: 'b-1', sealed: true }];
    open();
    expect(session.say('  Hello \n')).toBe('said');
    room.receive('b-1', { v: 1, kind: 'chat', text: 'Hi' });
    room.receive('b-1', { v: 1, kind: 'dance' });
    expect(log()).toEqual(['entered', 'Ada: Hello', 'Guest b-1: Hi']);
    expect(room.sent.at(-1)?.text).toBe('{"v":1,"kind":"chat","text":"Hello"}');
  });

  it('keeps nothing that could not be sent, and says why', () => {
    open();
    expect(session.say('\u200b')).toBe('empty');
    room.enterState(BREAK);
    expect(session.say('Hello')).toBe('offline');
    expect(log()).toEqual(['entered']);
  });

  it('is drawn once a frame, and one who floods it does not drown the others', () => {
    room.members = [
      { client_id: 'b-1', sealed: true },
      { client_id: 'c-2', sealed: true },
    ];
    open();
    display.frame();
    let draws = -1;
    const stop = session.entries.subscribe(() => draws++);
    for (let i = 0; i < 5_000; i++) room.receive('b-1', { v: 1, kind: 'chat', text: `${i}` });
    room.receive('c-2', { v: 1, kind: 'chat', text: 'Hello?' });
    display.frame();
    expect(draws).toBe(1);
    const lines = log();
    expect(lines.length).toBe(1 + CHAT_BURST + 1);
    expect(lines.at(-1)).toBe('Guest c-2: Hello?');
    vi.advanceTimersByTime(1_000);
    room.receive('b-1', { v: 1, kind: 'chat', text: 'Sorry' });
    expect(log().at(-1)).toBe('Guest b-1: Sorry');
    stop();
  });

  it('keeps the newest lines', () => {
    open();
    for (let i = 0; i < 2 * LOG_LIMIT; i++) session.say(`${i}`);
    display.frame();
    for (let i = 0; i < 3; i++) session.say(`more ${i}`);
    const lines = log();
    expect(lines.length).toBe(LOG_LIMIT);
    expect([lines[0], lines.at(-4), lines.at(-1)]).toEqual([
      `Ada: ${LOG_LIMIT + 3}`,
      `Ada: ${2 * LOG_LIMIT - 1}`,
      'Ada: more 2',
    ]);
  });
});

describe('pointers', () => {
  const pointer = { x: 1, y: 0, pressed: false, visible: true };

  it('of others are kept by client id, and go with them', () => {
    room.members = [{ client_id: 'b-1', sealed: true }];
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

  /** The poses that were sent since `open`, with whom for. */
  const poses = (): unknown[] =>
    room.sent
      .filter((frame) => frame.class === FRAME_CLASS.POSE)
      .map(({ bytes, to, droppable }) => ({
        visible: decodePointer(new Uint8Array(bytes))?.visible,
        to,
        droppable,
      }));

  it('are not queued behind a slow connection, but the last one goes out when it is clear', () => {
    open();
    room.bufferedAmount = 1_000_000;
    session.point(pointer);
    display.frame();
    session.point({ ...pointer, visible: false });
    display.frame();
    expect(poses()).toEqual([]);
    room.bufferedAmount = 0;
    display.frame();
    expect(poses()).toEqual([{ visible: false, to: undefined, droppable: false }]);
    display.frame();
    expect(display.waiting).toBe(0);
  });

  it('that left during a break are told after it, and to newcomers too', () => {
    open();
    session.point(pointer);
    display.frame();
    room.enterState(BREAK);
    session.point({ ...pointer, visible: false });
    display.frame();
    display.frame();
    expect(display.waiting).toBe(0);
    room.enterState({ status: 'live' });
    room.join('b-1');
    expect(poses()).toEqual([
      { visible: true, to: undefined, droppable: true },
      { visible: false, to: undefined, droppable: false },
      { visible: false, to: 'b-1', droppable: false },
    ]);
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
    open();
    room.join('b-1');
    expect(vi.getTimerCount()).toBe(1);
    session.dispose();
    expect(vi.getTimerCount()).toBe(0);
    expect(room.listening).toBe(0);
  });
});
