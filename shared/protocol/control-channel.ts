/**
 * The control channel: a WebSocket to the router's side that tells a client what becomes of its room while no task can. JSON
 * objects in text messages. A receiver ignores a `type` and fields that it does not know.
 */

/** The subprotocol; the second token that is offered is that of the relay: `<room_id>.<client_id>.<ticket>`. */
export const CONTROL_PROTOCOL = 'anteroom.control.v1';

/** The room has a place: connect there. */
export interface RoomReady {
  type: 'room.ready';
  room_id: string;
  url: string;
  epoch: number;
  /** Connect before this instant, else the seat is given to another. ms since the Unix epoch. */
  expires_at: number;
}

/** The room still waits for a task. Only as an answer to `sync`. */
export interface RoomPending {
  type: 'room.pending';
  room_id: string;
  /** When it is given up. */
  expires_at: number;
}

/** The room was placed anew. */
export interface RoomMoved {
  type: 'room.moved';
  room_id: string;
  url: string;
  epoch: number;
}

export interface RoomClosed {
  type: 'room.closed';
  room_id: string;
  /** `expired`: no task came in time. `gone`: the room, or this client's seat, is no more. */
  reason: 'expired' | 'gone';
}

/** Router → client. */
export type ControlPush = RoomReady | RoomPending | RoomMoved | RoomClosed;

/** Client → router: answered with the present state, since nothing can be pushed while a connection is made. */
export interface ControlSync {
  type: 'sync';
}
