/**
 * Control messages of `anteroom.v1`: JSON objects in text messages between one client and its relay. They are never
 * relayed. A receiver ignores a `type` and fields that it does not know, so that both sides can be newer.
 */
import { FRAME_CLASS, type FrameClass } from './frame.ts';

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

/**
 * `resuming`: the socket broke, its seat is kept for a while. `gone`: it left for good. `moved`: nothing more comes from it
 * here, where the room was served before (R64, R65).
 */
export interface Left extends Peer {
  type: 'left';
  reason: 'resuming' | 'gone' | 'moved';
}

/** The room is served elsewhere from now on. Without `url` ask the router. */
export interface Moved {
  type: 'moved';
  url?: string;
  epoch: number;
  /** `drain`: every seat is registered there already (R63). */
  reason: 'drain' | 'rehomed';
  /** With `drain`: how much longer the room is relayed here at most, ms. */
  deadline_ms?: number;
}

/** The task is to end, and looks for other places for its rooms: it serves none for longer than this, ms (R62). */
export interface Draining {
  type: 'draining';
  deadline_ms: number;
}

/** To a sender: somebody who could not keep up can go on with its stream `stream` (0–31) from a keyframe (R55). */
export interface NeedKeyframe {
  type: 'need_keyframe';
  stream: number;
}

/**
 * What is left out of a sender's frames for the receiver that is worst off. 0: nothing; 1: temporal layer 2, and poses but the
 * newest; 2: layers 1 and 2; 3: all video.
 */
export type CongestionLevel = 0 | 1 | 2 | 3;

/** To a sender: how it stands with receivers that cannot keep up (R56). A connection begins at level 0. */
export interface Congested {
  type: 'congested';
  level: CongestionLevel;
  /** For how many receivers something is left out. */
  receivers: number;
}

/** The classes that may be left out, by the names that {@link Dropped} has for them. */
export const DROPPED_CLASSES = {
  pose: FRAME_CLASS.POSE,
  video: FRAME_CLASS.VIDEO,
  audio: FRAME_CLASS.AUDIO,
} as const satisfies Record<string, FrameClass>;
export type DroppedClass = keyof typeof DROPPED_CLASSES;

/** The name of one of these classes. */
export function droppedClassName(frame_class: number): DroppedClass {
  if (frame_class === DROPPED_CLASSES.pose) return 'pose';
  return frame_class === DROPPED_CLASSES.audio ? 'audio' : 'video';
}

/** `count` frames (1 or more) of one class and stream (0–31) of the client at `slot`. */
export interface DroppedFrames {
  slot: number;
  class: DroppedClass;
  stream: number;
  count: number;
}

/** To a receiver: what the relay left out for it since it told it last (R57). */
export interface Dropped {
  type: 'dropped';
  /** {@link MOST_DROPPED} at most; the rest comes with the next. */
  frames: DroppedFrames[];
}

/** Sent after {@link ALIVE_AFTER_MS} of silence, since a browser cannot see pings. */
export interface Alive {
  type: 'alive';
}

export type RelayControl =
  Welcome | Joined | Left | Moved | Draining | NeedKeyframe | Congested | Dropped | Alive;

/** The client gives its seat up for good. */
export interface Leave {
  type: 'leave';
}

/** After `moved`: what the client sends from now on goes to the new place (R65). */
export interface MovedOn {
  type: 'moved_on';
}

export type ClientControl = Leave | MovedOn;

/** The relay says `alive` after this much silence towards a client, ms. */
export const ALIVE_AFTER_MS = 5_000;
/** A client that heard nothing for this long holds the connection for dead, ms: two `alive` may be late. */
export const DEAD_AFTER_MS = 12_000;
/** Largest text control message, bytes. */
export const MAX_CONTROL_BYTES = 4 * 1024;
/** Entries of one {@link Dropped} at most. */
export const MOST_DROPPED = 32;

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
