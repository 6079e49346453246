import { randomUUID } from 'node:crypto';
import { AnteroomError } from '@anteroom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { INVITATIONS_LIMIT } from '../../../web/src/state/invitations.ts';
import { openSession } from '../../../web/src/state/session.ts';
import type { Session } from '../../../web/src/state/session.ts';
import { SENDERS_LIMIT } from '../../../web/src/state/unreadable.ts';
import { Display } from './display.ts';
import { FakeRoom } from './fake-room.ts';

let room: FakeRoom;
let display: Display;
let session: Session;

const bob = randomUUID();
const grace = randomUUID();

/** The log as the chat shows it, in short. */
function log(): string[] {
  display.frame();
  return session.entries.value.map((entry) => {
    if (entry.kind === 'lost') return `${entry.name} lost ${entry.count}`;
    if (entry.kind === 'chat') return `${entry.name}: ${entry.text}`;
    return entry.kind === 'self' ? entry.what : entry.kind;
  });
}

/** A sealed member whose name is known. */
function enter(client_id: string, name: string): void {
  room.secure({ sealed: [...room.members.map((member) => member.client_id), client_id] });
  room.join(client_id);
  room.receive(client_id, { v: 1, kind: 'name', name });
}

beforeEach(() => {
  vi.useFakeTimers();
  room = new FakeRoom();
  display = new Display(1_000 / 60);
  session = openSession(room, 'Ada', display.nextFrame);
});

afterEach(() => {
  session.dispose();
  vi.useRealTimers();
});

describe('the lock of a stay', () => {
  it('follows the room and its connection', () => {
    expect(session.lock.value).toEqual({ kind: 'alone' });
    room.secure({ securing: [bob] });
    expect(session.lock.value).toEqual({ kind: 'securing', ids: [bob] });
    expect(session.nameOf(bob)).toBeUndefined();
    room.secure({ unsealed: [bob] });
    room.join(bob, false);
    expect(session.lock.value).toEqual({ kind: 'unsealed', ids: [bob], sealed: 0 });
    expect(session.nameOf(bob)).toBe(`Guest ${bob.slice(0, 4)}`);
    room.enterState({ status: 'reconnecting', attempt: 1, retry_in_ms: 0, cause: '1006' });
    expect(session.lock.value).toEqual({ kind: 'offline' });
    room.enterState({ status: 'securing' });
    expect(session.connection.value).toEqual({ status: 'securing' });
    room.secure({ sealed: [bob] });
    expect(session.lock.value.kind).toBe('securing');
    room.enterState({ status: 'live' });
    expect(session.lock.value).toEqual({ kind: 'sealed', members: 2 });
  });

  it('is also on each person, but oneself and those who are away', () => {
    enter(bob, 'Bob');
    room.secure({ sealed: [bob], unsealed: [grace] });
    room.join(grace, false);
    const marks = (): unknown[] => session.people.value.map(({ sealing }) => sealing);
    expect(marks()).toEqual([undefined, 'sealed', 'unsealed']);
    room.part(bob, false);
    expect(marks()).toEqual([undefined, undefined, 'unsealed']);
    room.enterState({ status: 'reconnecting', attempt: 1, retry_in_ms: 0, cause: '1006' });
    expect(marks()).toEqual([undefined, undefined, undefined]);
  });

  it('lets what is said wait for keys', () => {
    room.enterState({ status: 'securing' });
    expect(session.say('Hello')).toBe('said');
  });
});

describe('what does not arrive', () => {
  it('from others is told, losses in a row in one line', () => {
    enter(bob, 'Bob');
    const lost = { error: new AnteroomError('lost', 'x'), from: bob };
    room.emit('error', { ...lost, count: 2 });
    expect(log().at(-1)).toBe('Bob lost 2');
    room.emit('error', { ...lost, count: 3 });
    room.emit('error', { ...lost, count: 1 });
    expect(log().slice(-2)).toEqual(['change', 'Bob lost 6']);
    room.receive(bob, { v: 1, kind: 'chat', text: 'Hi' });
    room.emit('error', lost);
    expect(log().slice(-3)).toEqual(['Bob lost 6', 'Bob: Hi', 'Bob lost 1']);
    const ids = session.entries.value.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('of oneself is told', () => {
    for (let i = 0; i < 3; i++) room.emit('error', { error: new AnteroomError('not_sent', 'x') });
    room.emit('error', { error: new AnteroomError('not_sent', 'x'), to: bob });
    expect(log()).toEqual(['entered', 'unsent']);
  });

  it('because it cannot be opened is counted, with the newest reason, and no line', () => {
    enter(bob, 'Bob');
    const lines = log();
    const error = new AnteroomError('unreadable', 'x');
    room.emit('error', { error, from: bob, reason: 'tag', count: 4 });
    room.emit('error', { error, from: bob, reason: 'replay', count: 1 });
    room.emit('error', { error, reason: 'malformed', count: 2 });
    expect(session.unreadable.value).toEqual([
      { from: bob, count: 5, reason: 'replay' },
      { from: undefined, count: 2, reason: 'malformed' },
    ]);
    room.part(bob, true);
    expect(session.unreadable.value).toEqual([{ from: undefined, count: 2, reason: 'malformed' }]);
    expect(log().slice(0, lines.length)).toEqual(lines);
  });
});

describe('strangers who come and go', () => {
  it('leave no more behind than can be read', () => {
    const error = new AnteroomError('unreadable', 'x');
    const ids = Array.from({ length: 2 * SENDERS_LIMIT }, () => randomUUID());
    for (const from of ids) room.emit('error', { error, from, reason: 'hello', count: 1 });
    expect(session.unreadable.value.map(({ from }) => from)).toEqual(ids.slice(-SENDERS_LIMIT));
  });
});

describe('the safety number', () => {
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

  it('is asked anew whenever the encryption covers others, and an answer that comes late is none', async () => {
    const answers: ((number: string) => void)[] = [];
    room.safety = () => new Promise((resolve) => answers.push(resolve));
    const told: (string | undefined)[] = [];
    const stop = session.onSafetyNumber((number) => told.push(number));
    room.secure({ sealed: [bob] });
    answers[1]!('second');
    answers[0]!('first');
    await settle();
    expect(told).toEqual([undefined, undefined, 'second']);
    room.safety = () => Promise.reject(new Error('closed'));
    room.secure({ sealed: [] });
    await settle();
    expect(told.slice(3)).toEqual([undefined, undefined]);
    room.safety = () => Promise.resolve('late');
    room.secure({ sealed: [bob] });
    stop();
    await settle();
    room.secure({ sealed: [] });
    await settle();
    expect(told.slice(5)).toEqual([undefined]);
  });

  it('is asked anew every few seconds, as long as somebody wants it', async () => {
    let number = '1';
    room.safety = () => Promise.resolve(number);
    const told: (string | undefined)[] = [];
    const stop = session.onSafetyNumber((now) => told.push(now));
    await settle();
    number = '2';
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toEqual([undefined, '1', '2']);
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('moving on', () => {
  it('tells those who are asked along whom it leaves out, and nobody else', async () => {
    const [linus, mallory] = [randomUUID(), randomUUID()];
    enter(bob, 'Bob');
    enter(grace, 'Grace');
    enter(linus, 'Linus');
    room.join(mallory, false);
    room.sent.length = 0;
    const next = new FakeRoom();
    room.next = () => Promise.resolve(next);
    const onProgress = (): void => undefined;
    expect(await session.moveWithout([bob, mallory], onProgress)).toBe(next);
    expect(room.moved).toEqual([[bob, mallory]]);
    expect(room.move_options).toEqual({ onProgress });
    const note = JSON.stringify({ v: 1, kind: 'move', room_id: next.room_id, without: [bob, mallory] });
    expect(room.sent.map(({ text, to }) => [text, to])).toEqual([
      [note, grace],
      [note, linus],
    ]);
    expect(room.left).toBe(false);
  });

  it('that fails tells nobody', async () => {
    enter(bob, 'Bob');
    room.sent.length = 0;
    await expect(session.moveWithout([bob])).rejects.toMatchObject({ code: 'rooms_exhausted' });
    expect(room.sent).toEqual([]);
  });

  const move = { room_id: '77777', link: 'https://room.example/r/77777#x' };
  const without = (from: string): void =>
    room.receive(from, { v: 1, kind: 'move', room_id: '77777', without: [bob] });

  it.each([
    ['before', [without, (from: string) => room.emit('move', { from, ...move })]],
    ['after', [(from: string) => room.emit('move', { from, ...move }), without]],
  ])('of others is an invitation, whose sender may say %s it whom it leaves out, and leaves', (_, steps) => {
    enter(bob, 'Bob');
    enter(grace, 'Grace');
    for (const step of steps) step(grace);
    room.part(grace, true);
    expect(session.invitations.open.value).toEqual([{ from: grace, name: 'Grace', ...move, without: [bob] }]);
    session.invitations.dismiss(grace);
    expect(session.invitations.open.value).toEqual([]);
  });

  it('twice leaves one invitation, the newest', () => {
    enter(grace, 'Grace');
    room.emit('move', { from: grace, ...move });
    without(grace);
    const again = { room_id: '88888', link: 'https://room.example/r/88888#x' };
    room.emit('move', { from: grace, ...again });
    without(grace);
    expect(session.invitations.open.value).toEqual([
      { from: grace, name: 'Grace', ...again, without: undefined },
    ]);
  });

  it('is remembered of so many only', () => {
    for (let i = 0; i < 2 * INVITATIONS_LIMIT; i++) {
      const from = randomUUID();
      enter(from, `Guest ${i}`);
      without(from);
      room.emit('move', { from: randomUUID(), ...move });
    }
    expect(session.invitations.open.value.length).toBe(INVITATIONS_LIMIT);
    // The first has been forgotten, the last has not.
    const [first, last] = [room.members[0]!.client_id, room.members.at(-1)!.client_id];
    for (const from of [first, last]) room.emit('move', { from, ...move });
    expect(session.invitations.open.value.slice(-2).map((one) => one.without)).toEqual([undefined, [bob]]);
  });

  it('leads to a stay that begins so', () => {
    const moved = openSession(new FakeRoom(), 'Ada', display.nextFrame, 'moved');
    display.frame();
    expect(moved.entries.value.map((entry) => entry.kind === 'self' && entry.what)).toEqual(['moved']);
    moved.dispose();
  });
});
