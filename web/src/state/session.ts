/** One stay in a room: the SDK's room as signals that the components read. */
import { computed, signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import { FRAME_CLASS } from '@anteroom/client';
import type { Room } from '@anteroom/client';
import { cleanChat, decodeMessage, encodeMessage } from '../protocol/messages.ts';
import { decodePointer, encodePointer } from '../protocol/pointer.ts';
import type { Pointer } from '../protocol/pointer.ts';
import { nextConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { createLog } from './log.ts';
import type { Entry } from './log.ts';
import { createPointerBoard, createPointerSender } from './pointers.ts';
import type { NextFrame, PointerBoard } from './pointers.ts';
import { createTimers } from './timers.ts';
import { arrive, depart, reconcile } from './roster.ts';
import type { Change, Presence, Roster } from './roster.ts';

export interface Person {
  client_id: string;
  name: string;
  self: boolean;
  presence: Presence;
}

export interface Session {
  readonly room_id: string;
  readonly client_id: string;
  readonly max_clients: number;
  readonly connection: ReadonlySignal<Connection>;
  /** Everybody in the room, oneself first. */
  readonly people: ReadonlySignal<readonly Person[]>;
  readonly entries: ReadonlySignal<readonly Entry[]>;
  /** Own pointer and those of others. */
  readonly pointers: PointerBoard;
  /** The name of a client; reading it in a component subscribes to it. */
  nameOf(client_id: string): string;
  /** Says `text` to everybody. False if that is not possible now; nothing is kept then. */
  say(text: string): boolean;
  /** Moves the own pointer, on this page and on those of others. */
  point(pointer: Pointer): void;
  /** Gives the seat up. */
  leave(): Promise<void>;
  /** Stops listening, without leaving. */
  dispose(): void;
}

/** A newcomer is announced with its name; if that does not come within this, ms, without. */
export const NAME_WAIT_MS = 1_000;
/** Who has been away for this long, ms, is not shown any more. Seats are kept for less than that, unless told otherwise. */
export const AWAY_LIMIT_MS = 60_000;
/** Pointers are not worth waiting for: none are sent while more bytes than this wait in the socket. */
const POINTER_BACKLOG_BYTES = 16_384;

const guestName = (client_id: string): string => `Guest ${client_id.slice(0, 4)}`;

/** Follows `room`, in which one is called `own_name`. */
export function openSession(room: Room, own_name: string, nextFrame: NextFrame): Session {
  const connection = signal<Connection>(nextConnection(undefined, room.state, Date.now()));
  const roster = signal<Roster>(new Map());
  const names = signal<ReadonlyMap<string, string>>(new Map([[room.client_id, own_name]]));
  const log = createLog();
  const pointers = createPointerBoard();
  const nameless = createTimers();
  const absent = createTimers();
  let entered = false;

  const people = computed((): readonly Person[] => {
    const person = (client_id: string, presence: Presence): Person => ({
      client_id,
      name: nameOf(client_id),
      self: client_id === room.client_id,
      presence,
    });
    return [
      person(room.client_id, 'here'),
      ...[...roster.value].map(([id, presence]) => person(id, presence)),
    ];
  });

  function nameOf(client_id: string): string {
    return names.value.get(client_id) ?? guestName(client_id);
  }

  function announce(change: Change): void {
    const { kind, client_id } = change;
    const unannounced = nameless.clear(client_id);
    absent.clear(client_id);
    if (kind === 'joined' && !names.peek().has(client_id)) {
      nameless.set(client_id, () => log.add({ kind: 'change', change }), NAME_WAIT_MS);
      return;
    }
    if (kind === 'away') absent.set(client_id, () => left(client_id, true), AWAY_LIMIT_MS);
    if (kind === 'away' || kind === 'left') pointers.delete(client_id);
    // Who was never announced need not be taken back; and while the own connection is broken, that of others is no news.
    if (unannounced || (kind === 'away' && connection.peek().status !== 'live')) return;
    log.add({ kind: 'change', change });
  }

  function left(client_id: string, gone: boolean): void {
    const step = depart(roster.peek(), client_id, gone);
    roster.value = step.roster;
    if (step.change !== undefined) announce(step.change);
  }

  function joined(client_id: string): void {
    // Those who were here before are read from the room when it goes live.
    if (!entered) return;
    const step = arrive(roster.peek(), client_id);
    roster.value = step.roster;
    if (step.change !== undefined) announce(step.change);
    introduce(client_id);
  }

  /** Tells everybody, or one newcomer, what they cannot know: the own name and where the own pointer is. */
  function introduce(to?: string): void {
    const options = to === undefined ? {} : { to };
    room.sendText(encodeMessage({ kind: 'name', name: own_name }), options);
    const pointer = pointers.get(room.client_id);
    if (pointer?.visible) {
      room.send(FRAME_CLASS.POSE, encodePointer(pointer), { ...options, droppable: true });
    }
  }

  function wentLive(): void {
    const { roster: next, changes } = reconcile(
      roster.peek(),
      room.members.map((member) => member.client_id),
    );
    roster.value = next;
    // At first everybody is new to this page, which is no news to the person.
    if (entered) changes.forEach(announce);
    log.add({ kind: 'self', what: entered ? 'reconnected' : 'entered' });
    entered = true;
    introduce();
  }

  function follow(): void {
    const before = connection.peek();
    // Before the connection shows as live, so that who is missing after a break counts as part of it.
    if (room.state.status === 'live' && (before.status !== 'live' || !entered)) wentLive();
    connection.value = nextConnection(before, room.state, Date.now());
  }

  function named(client_id: string, name: string): void {
    names.value = new Map(names.peek()).set(client_id, name);
    if (nameless.clear(client_id)) {
      log.add({ kind: 'change', change: { kind: 'joined', client_id } });
    }
  }

  const sendPointer = createPointerSender((pointer) => {
    if (room.bufferedAmount > POINTER_BACKLOG_BYTES) return;
    room.send(FRAME_CLASS.POSE, encodePointer(pointer), { droppable: true });
  }, nextFrame);

  const stops = [
    room.on('state', follow),
    room.on('joined', (member) => joined(member.client_id)),
    room.on('left', (member) => left(member.client_id, member.gone)),
    room.on('message', (message) => {
      const read = decodeMessage(message.text());
      if (read?.kind === 'name') named(message.from, read.name);
      if (read?.kind === 'chat') log.add({ kind: 'chat', from: message.from, text: read.text, own: false });
    }),
    room.on('frame', (frame) => {
      if (frame.class !== FRAME_CLASS.POSE) return;
      const pointer = decodePointer(frame.payload);
      if (pointer !== undefined) pointers.set(frame.from, pointer);
    }),
  ];
  follow();

  function dispose(): void {
    for (const stop of stops) stop();
    nameless.clearAll();
    absent.clearAll();
  }

  return {
    room_id: room.room_id,
    client_id: room.client_id,
    max_clients: room.max_clients,
    connection,
    people,
    entries: log.entries,
    pointers,
    nameOf,
    say(text) {
      const said = cleanChat(text);
      if (said === '' || !room.sendText(encodeMessage({ kind: 'chat', text: said }))) return false;
      log.add({ kind: 'chat', from: room.client_id, text: said, own: true });
      return true;
    },
    point(pointer) {
      pointers.set(room.client_id, pointer);
      sendPointer(pointer);
    },
    async leave() {
      dispose();
      await room.leave();
    },
    dispose,
  };
}
