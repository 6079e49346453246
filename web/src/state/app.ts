/** Where the person is in the page, and the ways from one place to another. The address of the page follows. */
import { signal } from '@preact/signals';
import { AnteroomError, createRoom, joinRoom } from '@anteroom/client';
import type { CreateRoomOptions, EntryProgress, JoinRoomOptions, SealedRoom } from '@anteroom/client';
import { ROUTER_URL } from '../config.ts';
import { explainFailure } from '../explain.ts';
import type { Explanation, Failure, WayOut } from '../explain.ts';
import { addressOf, parseRoute } from '../route.ts';
import type { KeyFault, Route } from '../route.ts';
import { forgetStay, rememberedStay, rememberStay } from '../storage.ts';
import type { Seat } from '../storage.ts';
import { createAttempts } from './attempts.ts';
import type { Attempt } from './attempts.ts';
import type { Invitation } from './invitations.ts';
import { nextRepaintOrSoon } from './next-frame.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';

/** A room by its link, which has the secret. */
export type Destination = Pick<Extract<Route, { kind: 'room' }>, 'room_id' | 'link'>;

export type View =
  | { kind: 'home'; failure?: Explanation }
  /** At the door of a room: the name is asked. */
  | { kind: 'door'; room: Destination }
  /** The link of a room whose key is not, or not wholly, in it. */
  | { kind: 'keyless'; room_id: string; fault: KeyFault }
  /** A room is being created (no `room_id`) or joined. */
  | { kind: 'entering'; room_id?: string }
  /** The room could not be entered. */
  | { kind: 'refused'; room: Destination; name: string; failure: Explanation }
  | { kind: 'room'; session: Session }
  | { kind: 'nowhere' };

/** A room that waits for a server to start. */
export type Pending = Extract<EntryProgress, { status: 'pending' }>;

export const view = signal<View>({ kind: 'home' });

/** The room that the person waits for, while a server is being started for it. */
export const pending = signal<Pending | undefined>(undefined);

const attempts = createAttempts((room) => {
  if (rememberedStay(room.room_id)?.seat.client_id === room.client_id) forgetStay();
  void room.leave();
});

/** What the person waits for now: each wait is a value of its own, though an attempt may be waited for twice. */
let waiting: { attempt: Attempt } | undefined;

function stopWaiting(): void {
  if (waiting !== undefined) attempts.abandon(waiting.attempt);
  waiting = undefined;
  pending.value = undefined;
}

/** Ends what goes on now: the wait for a room, and the stay in one. */
function begin(): void {
  stopWaiting();
  const current = view.peek();
  if (current.kind !== 'room') return;
  if (current.session.connection.peek().status === 'closed') {
    current.session.dispose();
  } else {
    forgetStay();
    void current.session.leave();
  }
}

function asFailure(error: unknown): AnteroomError {
  if (error instanceof AnteroomError) return error;
  return new AnteroomError('internal', 'Unexpected error', { cause: error });
}

/** The address that the view belongs to. */
let followed: string | undefined;

function show(next: View, address: string): void {
  if (location.pathname + location.hash !== address) history.pushState(null, '', address);
  followed = address;
  view.value = next;
}

function enter(room: SealedRoom, name: string, arrival: 'entered' | 'moved'): void {
  begin();
  rememberStay({ seat: room.seat, name });
  const session = openSession(room, name, nextRepaintOrSoon, arrival);
  // A seat that is lost, or held elsewhere now, is not taken up by a reload.
  session.connection.subscribe((connection) => {
    if (connection.status === 'closed' && connection.reason.kind !== 'gave_up') forgetStay();
  });
  show({ kind: 'room', session }, addressOf(room.link));
}

/** What comes of the wait for a room. */
interface Goes {
  enter: (room: SealedRoom) => void;
  refuse: (failure: Failure) => void;
  /** It takes longer: a server is being started. */
  pend?: (pending: Pending) => void;
}

/** Waits for `attempt`, then goes in or is refused; neither if the person has turned to something else. */
async function goIn(attempt: Attempt, goes: Goes): Promise<void> {
  const wait = { attempt };
  waiting = wait;
  const stop = attempt.progress.subscribe((progress) => {
    if (waiting !== wait) return;
    pending.value = progress?.status === 'pending' ? progress : undefined;
    if (pending.value !== undefined) goes.pend?.(pending.value);
  });
  let outcome: () => void;
  try {
    const room = await attempt.room;
    outcome = () => goes.enter(room);
  } catch (error) {
    outcome = () => goes.refuse(asFailure(error));
  }
  stop();
  if (waiting !== wait) return;
  waiting = undefined;
  pending.value = undefined;
  outcome();
}

/** Takes the seat up again if it is still there, else a new one. */
async function join(
  link: string,
  seat: Seat | undefined,
  onProgress: (progress: EntryProgress) => void,
): Promise<SealedRoom> {
  const options: JoinRoomOptions = { router: ROUTER_URL, onProgress };
  if (seat === undefined) return joinRoom(link, options);
  try {
    return await joinRoom(link, { ...options, resume: seat });
  } catch (error) {
    if (asFailure(error).code !== 'client_not_found') throw error;
    forgetStay();
    return joinRoom(link, options);
  }
}

/** Joins `room` as `name`; on the seat that this tab holds in it, unless `new_seat`. */
export function enterRoom(room: Destination, name: string, new_seat = false): void {
  begin();
  const { room_id, link } = room;
  const seat = new_seat ? undefined : rememberedStay(room_id)?.seat;
  show({ kind: 'entering', room_id }, addressOf(link));
  const attempt = attempts.start(link, (onProgress) => join(link, seat, onProgress));
  void goIn(attempt, {
    // A reload goes on with the wait.
    pend: ({ seat: waits }) => rememberStay({ seat: waits, name }),
    enter: (entered) => enter(entered, name, 'entered'),
    refuse: (cause) =>
      show({ kind: 'refused', room, name, failure: explainFailure(cause, room_id) }, addressOf(link)),
  });
}

/** Creates a room with `seats` seats, or as many as the deployment allows, and goes in as `name`. */
export function openRoom(name: string, seats: number | undefined): void {
  begin();
  show({ kind: 'entering' }, '/');
  const options: CreateRoomOptions = { router: ROUTER_URL, page: location.origin };
  if (seats !== undefined) options.max_clients = seats;
  void goIn(
    attempts.start(undefined, (onProgress) => createRoom({ ...options, onProgress })),
    {
      pend: ({ seat, link }) => {
        rememberStay({ seat, name });
        show({ kind: 'entering', room_id: seat.room_id }, addressOf(link!));
      },
      enter: (room) => enter(room, name, 'entered'),
      refuse(cause) {
        forgetStay();
        show({ kind: 'home', failure: explainFailure(cause) }, '/');
      },
    },
  );
}

/** From the room of `session` to another, once that is live: until then one stays. Resolves with why one has to stay. */
async function changeRooms(
  session: Session,
  attempt: Attempt,
  room_id?: string,
): Promise<Explanation | undefined> {
  stopWaiting();
  let failure: Explanation | undefined;
  await goIn(attempt, {
    enter: (room) => enter(room, session.own_name, 'moved'),
    refuse: (cause) => (failure = explainFailure(cause, room_id)),
  });
  return failure;
}

/** Moves on to a new room without `client_ids`. See {@link changeRooms}. */
export function moveWithout(
  session: Session,
  client_ids: readonly string[],
): Promise<Explanation | undefined> {
  return changeRooms(
    session,
    attempts.start(undefined, (onProgress) => session.moveWithout(client_ids, onProgress)),
  );
}

/** Goes along with somebody who has moved on. See {@link changeRooms}. */
export function goAlong(session: Session, { room_id, link }: Invitation): Promise<Explanation | undefined> {
  return changeRooms(
    session,
    attempts.start(link, (onProgress) => join(link, undefined, onProgress)),
    room_id,
  );
}

/** Does not wait for another room any more. */
export const stayHere = stopWaiting;

/** To the start page; leaves the room. */
export function goHome(): void {
  begin();
  show({ kind: 'home' }, '/');
}

/** Takes a way out of what went wrong in, or at the door of, `room`, where one is called `name`. */
export function takeWayOut(way: WayOut, room: Destination, name: string): void {
  if (way === 'create') goHome();
  else if (way === 'secure') location.protocol = 'https:';
  else enterRoom(room, name, way === 'rejoin');
}

/**
 * Follows the address of the page: at the start, when the person goes back or forward, or puts in another link. Browsers
 * may tell of one change twice.
 */
export function followAddress(): void {
  const address = location.pathname + location.hash;
  if (address === followed) return;
  followed = address;
  const route = parseRoute(location);
  const current = view.peek();
  if (route.kind === 'room' && current.kind === 'room' && current.session.room_id === route.room_id) {
    // The same room by another key: a link that was put right, most likely.
    enterRoom(route, current.session.own_name, true);
    return;
  }
  const stay = route.kind === 'room' ? rememberedStay(route.room_id) : undefined;
  if (route.kind === 'room' && stay !== undefined) {
    enterRoom(route, stay.name);
    return;
  }
  begin();
  if (route.kind === 'room') view.value = { kind: 'door', room: route };
  else if (route.kind === 'keyless') view.value = route;
  else view.value = { kind: route.kind === 'home' ? 'home' : 'nowhere' };
}
