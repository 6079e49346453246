/** Where the person is in the page, and the ways from one place to another. The address of the page follows. */
import { signal } from '@preact/signals';
import { AnteroomError, createUnencryptedRoom, joinUnencryptedRoom } from '@anteroom/client';
import type { CreateUnencryptedRoomOptions, Room } from '@anteroom/client';
import { ROUTER_URL } from '../config.ts';
import { explainFailure } from '../explain.ts';
import type { Explanation, Failure, WayOut } from '../explain.ts';
import { parseRoute, roomPath } from '../route.ts';
import { forgetStay, rememberedStay, rememberStay } from '../storage.ts';
import type { Seat } from '../storage.ts';
import { createAttempts } from './attempts.ts';
import type { Attempt } from './attempts.ts';
import { nextRepaintOrSoon } from './next-frame.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';

export type View =
  | { kind: 'home'; failure?: Explanation }
  /** At the door of a room: the name is asked. */
  | { kind: 'door'; room_id: string }
  /** A room is being created (no `room_id`) or joined. */
  | { kind: 'entering'; room_id?: string }
  /** The room could not be entered. */
  | { kind: 'refused'; room_id: string; name: string; failure: Explanation }
  | { kind: 'room'; session: Session }
  | { kind: 'nowhere' };

export const view = signal<View>({ kind: 'home' });

const attempts = createAttempts((room) => {
  if (rememberedStay(room.room_id)?.seat.client_id === room.client_id) forgetStay();
  void room.leave();
});

/** What the person waits for now: each wait is a value of its own, though an attempt may be waited for twice. */
let waiting: { attempt: Attempt } | undefined;

/** Ends what goes on now: the wait for a room, or the stay in one. */
function begin(): void {
  if (waiting !== undefined) attempts.abandon(waiting.attempt);
  waiting = undefined;
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

function show(next: View, path: string): void {
  if (location.pathname !== path) history.pushState(null, '', path);
  view.value = next;
}

function enter(room: Room, name: string): void {
  rememberStay({ seat: room.seat, name });
  const session = openSession(room, name, nextRepaintOrSoon);
  // A seat that is lost, or held elsewhere now, is not taken up by a reload.
  session.connection.subscribe((connection) => {
    if (connection.status === 'closed' && connection.reason.kind !== 'gave_up') forgetStay();
  });
  show({ kind: 'room', session }, roomPath(room.room_id));
}

/** Waits for `attempt` and goes in under `name`, or calls `refuse`; neither if the person has turned to something else. */
async function goIn(attempt: Attempt, name: string, refuse: (failure: Failure) => void): Promise<void> {
  const wait = { attempt };
  waiting = wait;
  let outcome: () => void;
  try {
    const room = await attempt.room;
    outcome = () => enter(room, name);
  } catch (error) {
    outcome = () => refuse(asFailure(error));
  }
  if (waiting !== wait) return;
  waiting = undefined;
  outcome();
}

/** Takes the seat up again if it is still there, else a new one. */
async function join(room_id: string, seat: Seat | undefined): Promise<Room> {
  if (seat === undefined) return joinUnencryptedRoom({ router: ROUTER_URL, room_id });
  try {
    return await joinUnencryptedRoom({ router: ROUTER_URL, room_id, resume: seat });
  } catch (error) {
    if (asFailure(error).code !== 'client_not_found') throw error;
    forgetStay();
    return joinUnencryptedRoom({ router: ROUTER_URL, room_id });
  }
}

/** Joins `room_id` as `name`; on the seat that this tab holds in it, unless `new_seat`. */
export function enterRoom(room_id: string, name: string, new_seat = false): void {
  begin();
  const seat = new_seat ? undefined : rememberedStay(room_id)?.seat;
  show({ kind: 'entering', room_id }, roomPath(room_id));
  const attempt = attempts.start(room_id, () => join(room_id, seat));
  void goIn(attempt, name, (cause) => {
    const failure = explainFailure(cause, room_id);
    show({ kind: 'refused', room_id, name, failure }, roomPath(room_id));
  });
}

/** Creates a room with `seats` seats, or as many as the deployment allows, and goes in as `name`. */
export function openRoom(name: string, seats: number | undefined): void {
  begin();
  show({ kind: 'entering' }, '/');
  const options: CreateUnencryptedRoomOptions = { router: ROUTER_URL };
  if (seats !== undefined) options.max_clients = seats;
  const attempt = attempts.start(undefined, () => createUnencryptedRoom(options));
  void goIn(attempt, name, (cause) => show({ kind: 'home', failure: explainFailure(cause) }, '/'));
}

/** To the start page; leaves the room. */
export function goHome(): void {
  begin();
  show({ kind: 'home' }, '/');
}

/** Takes a way out of what went wrong in, or at the door of, `room_id`, where one is called `name`. */
export function takeWayOut(way: WayOut, room_id: string, name: string): void {
  if (way === 'create') goHome();
  else enterRoom(room_id, name, way === 'rejoin');
}

/** Follows the address of the page: at the start, and when the person goes back or forward. */
export function followAddress(): void {
  const route = parseRoute(location.pathname);
  const current = view.peek();
  if (route.kind === 'room' && current.kind === 'room' && current.session.room_id === route.room_id) return;
  const stay = route.kind === 'room' ? rememberedStay(route.room_id) : undefined;
  if (stay !== undefined) {
    enterRoom(stay.seat.room_id, stay.name);
    return;
  }
  begin();
  if (route.kind === 'room') view.value = { kind: 'door', room_id: route.room_id };
  else view.value = { kind: route.kind === 'home' ? 'home' : 'nowhere' };
}
