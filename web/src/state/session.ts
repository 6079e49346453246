/** One stay in a room: the SDK's room as signals that the components read. */
import { computed, signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import { FRAME_CLASS } from '@anteroom/client';
import type { SealedRoom } from '@anteroom/client';
import { cleanChat, decodeMessage, encodeMessage } from '../protocol/messages.ts';
import { decodePointer, encodePointer } from '../protocol/pointer.ts';
import type { Pointer } from '../protocol/pointer.ts';
import { isConnected, nextConnection } from './connection.ts';
import type { Connection } from './connection.ts';
import { createAllowance } from './allowance.ts';
import { createAnnouncer } from './announcer.ts';
import type { Invitations } from './invitations.ts';
import { createLog } from './log.ts';
import type { Entry, Happening } from './log.ts';
import { createNames } from './names.ts';
import { createPointerBoard, createPointerSender } from './pointers.ts';
import type { NextFrame, PointerBoard } from './pointers.ts';
import { arrive, depart, reconcile } from './roster.ts';
import type { Change, Presence, Roster } from './roster.ts';
import { lockOf, sealingOf } from './sealing.ts';
import type { Lock, Sealing } from './sealing.ts';
import { createSealedSide } from './sealed-side.ts';
import type { SealedSide } from './sealed-side.ts';
import type { Unreadable } from './unreadable.ts';

export interface Person {
  client_id: string;
  name: string;
  self: boolean;
  presence: Presence;
  /** Undefined for oneself, for who is away, and for all while there is no connection. */
  sealing: Sealing | undefined;
}

/** `empty`: there is nothing in the text to be seen; `offline`: there is no connection. */
export type Saying = 'said' | 'empty' | 'offline';

export interface Session {
  readonly room_id: string;
  /** Whole, with the secret of the room. */
  readonly link: string;
  readonly client_id: string;
  readonly max_clients: number;
  /** What one is called oneself. */
  readonly own_name: string;
  readonly connection: ReadonlySignal<Connection>;
  /** Everybody in the room, oneself first. */
  readonly people: ReadonlySignal<readonly Person[]>;
  readonly entries: ReadonlySignal<readonly Entry[]>;
  readonly lock: ReadonlySignal<Lock>;
  /** What of others could not be opened. */
  readonly unreadable: ReadonlySignal<readonly Unreadable[]>;
  readonly invitations: Pick<Invitations, 'open' | 'dismiss'>;
  /** Own pointer and those of others. */
  readonly pointers: PointerBoard;
  /** Says `text` to everybody, or returns why not; nothing is kept then. */
  say(text: string): Saying;
  /** Moves the own pointer, on this page and on those of others. */
  point(pointer: Pointer): void;
  /** What a client is called; undefined if it is not in the room. Reading it in a component subscribes to it. */
  readonly nameOf: (client_id: string) => string | undefined;
  readonly onSafetyNumber: SealedSide['onSafetyNumber'];
  readonly moveWithout: SealedSide['moveWithout'];
  /** Gives the seat up. */
  leave(): Promise<void>;
  /** Stops listening, without leaving. */
  dispose(): void;
}

/** Pointers are not worth waiting for: none are sent while more bytes than this wait in the socket. */
const POINTER_BACKLOG_BYTES = 16_384;
/** Messages of one sender that are shown at once, and the time, ms, for each further one. Nobody types faster. */
export const CHAT_BURST = 20;
const CHAT_EVERY_MS = 200;

/** Follows `room`, in which one is called `own_name`. `arrival`: how one came there. */
export function openSession(
  room: SealedRoom,
  own_name: string,
  nextFrame: NextFrame,
  arrival: (Happening & { kind: 'self' })['what'] = 'entered',
): Session {
  const now = (): number => performance.now();
  const connection = signal<Connection>(nextConnection(undefined, room.state, Date.now()));
  const roster = signal<Roster>(new Map());
  const names = createNames(room.client_id, own_name, now);
  const log = createLog(nextFrame);
  const chats = createAllowance(CHAT_BURST, CHAT_EVERY_MS, now);
  const pointers = createPointerBoard();
  const { security, unreadable, invitations, ...sealed } = createSealedSide(room, names.of, log);
  const announcer = createAnnouncer(
    (change) => log.add({ kind: 'change', change, name: names.of(change.client_id) }),
    (client_id) => names.has(client_id),
  );
  let entered = false;

  const people = computed((): readonly Person[] => {
    const person = (client_id: string, presence: Presence): Person => ({
      client_id,
      name: names.of(client_id),
      self: client_id === room.client_id,
      presence,
      sealing:
        presence === 'here' && isConnected(connection.value)
          ? sealingOf(security.value, client_id)
          : undefined,
    });
    return [
      person(room.client_id, 'here'),
      ...[...roster.value].map(([id, presence]) => person(id, presence)),
    ];
  });

  function changed(change: Change): void {
    const { kind, client_id } = change;
    if (kind === 'away' || kind === 'left') pointers.delete(client_id);
    // While the own connection is broken, that of others is no news.
    announcer.changed(change, connection.peek().status === 'live');
    if (kind !== 'left') return;
    names.delete(client_id);
    unreadable.forget(client_id);
    chats.forget(client_id);
  }

  function left(client_id: string, gone: boolean): void {
    const step = depart(roster.peek(), client_id, gone);
    roster.value = step.roster;
    if (step.change !== undefined) changed(step.change);
  }

  function joined(client_id: string): void {
    // Those who were here before are read from the room when it goes live.
    if (!entered) return;
    const step = arrive(roster.peek(), client_id);
    roster.value = step.roster;
    if (step.change !== undefined) changed(step.change);
    introduce(client_id);
  }

  /** Tells everybody, or one newcomer, what they cannot know: the own name and where the own pointer is, if anywhere. */
  function introduce(to?: string): void {
    const options = to === undefined ? {} : { to };
    room.sendText(encodeMessage({ kind: 'name', name: own_name }), options);
    const pointer = pointers.get(room.client_id);
    if (pointer !== undefined) {
      room.send(FRAME_CLASS.POSE, encodePointer(pointer), { ...options, droppable: false });
    }
  }

  function wentLive(): void {
    const { roster: next, changes } = reconcile(
      roster.peek(),
      room.members.map((member) => member.client_id),
    );
    roster.value = next;
    // At first everybody is new to this page, which is no news to the person.
    if (entered) changes.forEach(changed);
    log.add({ kind: 'self', what: entered ? 'reconnected' : arrival });
    entered = true;
    introduce();
  }

  function follow(): void {
    const before = connection.peek();
    // Before the connection shows as live, so that who is missing after a break counts as part of it.
    if (room.state.status === 'live' && (before.status !== 'live' || !entered)) wentLive();
    connection.value = nextConnection(before, room.state, Date.now());
  }

  function received(from: string, text: string): void {
    const message = decodeMessage(text);
    if (message === undefined || !roster.peek().has(from)) return;
    if (message.kind === 'name') {
      names.set(from, message.name);
      announcer.named(from);
    } else if (message.kind === 'move') {
      invitations.explain(from, message.room_id, message.without);
    } else if (chats.take(from)) {
      log.add({ kind: 'chat', from, name: names.of(from), text: message.text, own: false });
    }
  }

  const sendPointer = createPointerSender((pointer) => {
    // Who is not connected introduces itself when it is again.
    if (room.state.status !== 'live') return true;
    if (room.bufferedAmount > POINTER_BACKLOG_BYTES) return false;
    return room.send(FRAME_CLASS.POSE, encodePointer(pointer), { droppable: pointer.visible });
  }, nextFrame);

  const stops = [
    room.on('state', follow),
    room.on('joined', (member) => joined(member.client_id)),
    room.on('left', (member) => left(member.client_id, member.gone)),
    room.on('message', (message) => received(message.from, message.text())),
    room.on('frame', (frame) => {
      if (frame.class !== FRAME_CLASS.POSE) return;
      const pointer = decodePointer(frame.payload);
      if (pointer !== undefined) pointers.set(frame.from, pointer);
    }),
  ];
  follow();

  function dispose(): void {
    for (const stop of stops) stop();
    sealed.dispose();
    announcer.dispose();
  }

  return {
    room_id: room.room_id,
    link: room.link,
    client_id: room.client_id,
    max_clients: room.max_clients,
    own_name,
    connection,
    people,
    entries: log.entries,
    lock: computed(() => lockOf(security.value, connection.value)),
    unreadable: unreadable.all,
    invitations,
    pointers,
    say(text) {
      const said = cleanChat(text);
      if (said === '') return 'empty';
      if (!room.sendText(encodeMessage({ kind: 'chat', text: said }))) return 'offline';
      log.add({ kind: 'chat', from: room.client_id, name: own_name, text: said, own: true });
      return 'said';
    },
    point(pointer) {
      pointers.set(room.client_id, pointer);
      sendPointer(pointer);
    },
    nameOf: (client_id) =>
      client_id === room.client_id || roster.value.has(client_id) ? names.of(client_id) : undefined,
    onSafetyNumber: sealed.onSafetyNumber,
    moveWithout: sealed.moveWithout,
    async leave() {
      dispose();
      await room.leave();
    },
    dispose,
  };
}
