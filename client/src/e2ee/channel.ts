/** The seam between a sealed room and the rest of the SDK: what goes into the encryption of one client, and what comes out. */
import type { Joined, Left, Welcome } from '../../../shared/protocol/control.ts';
import type { FrameClass } from '../../../shared/protocol/frame.ts';
import type { Frame, UnreadableReason } from '../types.ts';
import type { Bytes } from './bytes.ts';

/** A frame of the application's, whose fields were checked. */
export interface OutgoingFrame {
  class: FrameClass;
  payload: Uint8Array;
  stream: number;
  layer: number;
  droppable: boolean;
  keyframe: boolean;
  /** Client id of the one receiver; undefined for all. */
  to: string | undefined;
}

/** One of several ways to the others, while a room moves. */
export interface Route {
  line: number;
  /** Ours, at the relay there. */
  slot: number;
}

export type { UnreadableReason } from '../types.ts';

/**
 * How it stands with the others who are connected, by client id. Together the first three name each of them once.
 * `securing`: keys are being agreed on, or it was given ours and does not show itself; `unsealed`: it did not show in time
 * that it has the link, and reads nothing;
 * `disagreeing`: sealed, and for long now it has named other members than we know.
 */
export interface Standing {
  sealed: readonly string[];
  securing: readonly string[];
  unsealed: readonly string[];
  disagreeing: readonly string[];
}

export type Trouble =
  /** `count` frames of this sender were dropped since the last report for the same reason: one report a second at most. */
  | { kind: 'unreadable'; from: string | undefined; reason: UnreadableReason; count: number }
  /** `count` messages of this sender will not come any more. */
  | { kind: 'lost'; from: string; count: number }
  /** Our own message reached nobody: there is no such member, it has no keys, or there were too many that waited. */
  | { kind: 'not_sent'; to: string | undefined; why: string };

/** What a sealed channel tells. Called from within its methods, or later. */
export interface ChannelEvents {
  /** A whole frame for the relay: only while it is connected. `via`: the line of a {@link Route} alone. */
  send(frame: Bytes, via?: number): void;
  /**
   * Where something goes that says our slot, to a slot or to all; undefined: only one way, and our slot is that of the
   * welcome. It is so for as long as the room does not move.
   */
  routes?(to: number): readonly Route[] | undefined;
  /**
   * After a welcome, once keys are agreed on with all who were there or the time for that is over: its clients are those who
   * are here now. Comes once for each connection that lives so long.
   */
  secured(welcome: Welcome): void;
  /** After `secured`: somebody who came is sealed, or its time for that is over. */
  joined(message: Joined): void;
  left(message: Left): void;
  frame(frame: Frame): void;
  standing(standing: Standing): void;
  trouble(trouble: Trouble): void;
  /** A sealed member asks us to move on with it to another room. `secret`: of the link. */
  move(move: { from: string; room_id: string; secret: Bytes }): void;
  /** `tick` wants to be called at this time of the channel's clock, or earlier. A later call replaces an earlier one. */
  alarm(at: number): void;
}

/** Nobody listens. */
export const SILENT: ChannelEvents = {
  send: () => undefined,
  secured: () => undefined,
  joined: () => undefined,
  left: () => undefined,
  frame: () => undefined,
  standing: () => undefined,
  trouble: () => undefined,
  move: () => undefined,
  alarm: () => undefined,
};

/** The encryption of one client in one room, over any number of connections. */
export interface Channel {
  /** The relay has let us in. */
  welcome(welcome: Welcome): void;
  joined(message: Joined): void;
  left(message: Left): void;
  /** We are where our room has moved, too. Others may have gone on there without us: what that was is waited for. */
  arrived(): void;
  /** The connection is over; another may come. */
  disconnected(): void;
  /** A binary message of the relay. `wire_slot`: of its sender there, where the frame has another. */
  receive(frame: Bytes, wire_slot?: number): void;
  /** Seals and sends, or keeps it for those who are away. It may wait for keys; what comes of that is told as trouble. */
  send(frame: OutgoingFrame): void;
  /** Does what is due. */
  tick(): void;
  /** Tells the others that we leave for good; resolves when that was sent, or could not be. */
  bye(): Promise<void>;
  /** Of ourselves and all who have our key: 30 digits in groups of five. */
  safetyNumber(): Promise<string>;
  /** Tells sealed members of another room. Those of `to` that are not sealed are skipped; returns the others. */
  invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]>;
  /** Overwrites all keys. Nothing is told any more. */
  close(): void;
}
