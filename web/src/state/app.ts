/** Where the person is in the page, and the ways from one place to another. The address of the page follows. */
import { signal } from '@preact/signals';
import { AnteroomError, createRoom, joinRoom } from '@anteroom/client';
import type { CreateRoomOptions, Room } from '@anteroom/client';
import { ROUTER_URL } from '../config.ts';
import { explainFailure } from '../explain.ts';
import type { Explanation, WayOut } from '../explain.ts';
import { parseRoute, roomPath } from '../route.ts';
import { forgetSeat, rememberedName, rememberedSeat, rememberSeat } from '../storage.ts';
import type { Seat } from '../storage.ts';
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
  | { kind: 'refused'; room_id: string; failure: Explanation }
  | { kind: 'room'; session: Session }
  | { kind: 'nowhere' };

export const view = signal<View>({ kind: 'home' });

let attempt = new AbortController();

/** Ends what goes on now: an attempt, or the stay in a room. Returns the signal of what comes next. */
function begin(): AbortSignal {
  attempt.abort();
  attempt = new AbortController();
  const current = view.peek();
  if (current.kind === 'room' && current.session.connection.peek().status === 'closed') {
    current.session.dispose();
  } else if (current.kind === 'room') {
    forgetSeat();
    void current.session.leave();
  }
  return attempt.signal;
}

function asFailure(error: unknown): AnteroomError {
  if (error instanceof AnteroomError) return error;
  return new AnteroomError('internal', 'Unexpected error', { cause: error });
}

function show(next: View, path: string): void {
  if (location.pathname !== path) history.pushState(null, '', path);
  view.value = next;
}

function enter(room: Room): void {
  rememberSeat(room.seat);
  const session = openSession(room, rememberedName(), nextRepaintOrSoon);
  // A seat that is lost, or held elsewhere now, is not taken up by a reload.
  session.connection.subscribe((connection) => {
    if (connection.status === 'closed' && connection.reason.kind !== 'gave_up') forgetSeat();
  });
  show({ kind: 'room', session }, roomPath(room.room_id));
}

/** Takes the seat up again if it is still there, else a new one. */
async function join(room_id: string, seat: Seat | undefined, signal: AbortSignal): Promise<Room> {
  if (seat === undefined) return joinRoom({ router: ROUTER_URL, room_id, signal });
  try {
    return await joinRoom({ router: ROUTER_URL, room_id, resume: seat, signal });
  } catch (error) {
    if (asFailure(error).code !== 'client_not_found') throw error;
    forgetSeat();
    return joinRoom({ router: ROUTER_URL, room_id, signal });
  }
}

/** Joins `room_id` under the remembered name; on the seat that this tab holds in it, unless `new_seat`. */
export async function enterRoom(room_id: string, new_seat = false): Promise<void> {
  const ended = begin();
  const seat = new_seat ? undefined : rememberedSeat(room_id);
  show({ kind: 'entering', room_id }, roomPath(room_id));
  try {
    const room = await join(room_id, seat, ended);
    if (ended.aborted) await room.leave();
    else enter(room);
  } catch (error) {
    if (ended.aborted) return;
    const failure = explainFailure(asFailure(error), room_id);
    show({ kind: 'refused', room_id, failure }, roomPath(room_id));
  }
}

/** Creates a room with `seats` seats, or as many as the deployment allows, and goes in. */
export async function openRoom(seats: number | undefined): Promise<void> {
  const ended = begin();
  show({ kind: 'entering' }, '/');
  const options: CreateRoomOptions = { router: ROUTER_URL, signal: ended };
  if (seats !== undefined) options.max_clients = seats;
  try {
    const room = await createRoom(options);
    if (ended.aborted) await room.leave();
    else enter(room);
  } catch (error) {
    if (ended.aborted) return;
    show({ kind: 'home', failure: explainFailure(asFailure(error)) }, '/');
  }
}

/** To the start page; leaves the room. */
export function goHome(): void {
  begin();
  show({ kind: 'home' }, '/');
}

/** Takes a way out of what went wrong in, or at the door of, `room_id`. */
export function takeWayOut(way: WayOut, room_id: string): void {
  if (way === 'create') goHome();
  else void enterRoom(room_id, way === 'rejoin');
}

/** Follows the address of the page: at the start, and when the person goes back or forward. */
export function followAddress(): void {
  const route = parseRoute(location.pathname);
  const current = view.peek();
  if (route.kind === 'room' && current.kind === 'room' && current.session.room_id === route.room_id) return;
  if (route.kind === 'room' && rememberedName() !== '' && rememberedSeat(route.room_id) !== undefined) {
    void enterRoom(route.room_id);
    return;
  }
  begin();
  if (route.kind === 'room') view.value = { kind: 'door', room_id: route.room_id };
  else view.value = { kind: route.kind === 'home' ? 'home' : 'nowhere' };
}
