/**
 * Control messages of `anteroom.v1`: JSON objects in text messages between one client and its relay. They are never
 * relayed. A receiver ignores a `type` and fields that it does not know, so that both sides can be newer.
 */

/** A client as the relay names it to others. `slot` is the task's own and changes with a move. */
export interface Peer {
  slot: number;
  client_id: string;
}

/** What the relay allows a client; beyond it the socket is closed with the code in docs/protocol.md. */
export interface RelayLimits {
  /** Largest message, bytes, header included. */
  max_frame_bytes: number;
  /** Largest text control message, bytes. */
  max_control_bytes: number;
  /** Messages a second, sustained. */
  messages_per_second: number;
  /** Bytes a second, sustained. */
  bytes_per_second: number;
  /** Bytes that may wait for a slow receiver before it is closed. */
  send_budget_bytes: number;
  /** Clients in the room at most. */
  max_clients: number;
}

export interface Welcome {
  type: 'welcome';
  room_id: string;
  epoch: number;
  /** Your own slot: the source of each frame you send. */
  slot: number;
  /** The others who are connected now. */
  clients: Peer[];
  limits: RelayLimits;
  /** How long your seat is kept after your socket breaks, ms. */
  resume_grace_ms: number;
}

/** Somebody's socket opened (also again after a break; then the slot may be another). */
export interface Joined extends Peer {
  type: 'joined';
}

/** `resuming`: the socket broke, its seat is kept for a while. `gone`: it left for good. */
export interface Left extends Peer {
  type: 'left';
  reason: 'resuming' | 'gone';
}

/** The room is served elsewhere from now on. Without `url` ask the router. */
export interface Moved {
  type: 'moved';
  url?: string;
  epoch: number;
  reason: 'drain' | 'rehomed';
}

export interface Draining {
  type: 'draining';
  deadline_ms: number;
}

export interface NeedKeyframe {
  type: 'need_keyframe';
  stream: number;
}

export interface Congested {
  type: 'congested';
  level: number;
}

/** Sent after {@link ALIVE_AFTER_MS} of silence, since a browser cannot see pings. */
export interface Alive {
  type: 'alive';
}

export type RelayControl = Welcome | Joined | Left | Moved | Draining | NeedKeyframe | Congested | Alive;

/** The client gives its seat up for good. */
export interface Leave {
  type: 'leave';
}

export type ClientControl = Leave;

/** The relay says `alive` after this much silence towards a client, ms. */
export const ALIVE_AFTER_MS = 5_000;
/** A client that heard nothing for this long holds the connection for dead, ms: two `alive` may be late. */
export const DEAD_AFTER_MS = 12_000;
/** Largest text control message, bytes. */
export const MAX_CONTROL_BYTES = 4 * 1024;

/** Parses a control text into an object with a string `type`; undefined if it is not one. */
export function parseControl(text: string): ({ type: string } & Record<string, unknown>) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const type = (value as { type?: unknown }).type;
  return typeof type === 'string' ? (value as { type: string } & Record<string, unknown>) : undefined;
}
