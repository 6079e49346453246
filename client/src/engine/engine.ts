/**
 * What runs beside the page: the socket, its acks and the encryption. In browsers it runs in a Worker, elsewhere inline.
 * Everything that passes here can be cloned to a Worker and back.
 */
import type { CongestionLevel, Joined, Left, Welcome } from '../../../shared/protocol/control.ts';
import type { FrameClass } from '../../../shared/protocol/frame.ts';
import type { Credentials } from '../../../shared/protocol/subprotocol.ts';
import type { Bytes } from '../e2ee/bytes.ts';
import type { OutgoingFrame, Standing, Trouble } from '../e2ee/channel.ts';
import type { Frame } from '../types.ts';

/** Where a grant says, and with which seat. */
export type Endpoint = Credentials & { url: string };

export interface EngineConfig {
  /** See `Timings`, ms. */
  dead_after_ms: number;
  close_timeout_ms: number;
  /** undefined: an unencrypted room. */
  sealing: { room_id: string; secret: Bytes; max_peers: number } | undefined;
}

/** What the relay tells about receivers that cannot keep up. It is the relay's word alone, in sealed rooms too. */
export type Hint =
  /** Somebody can go on with our stream `stream` from a keyframe. */
  | { kind: 'keyframe'; stream: number }
  /** How it stands with those whom our frames are for. Each connection begins at level 0. */
  | { kind: 'congested'; level: CongestionLevel; receivers: number }
  /** `count` frames of the client `from` were left out for us. */
  | { kind: 'dropped'; from: string; class: FrameClass; stream: number; count: number };

export interface EngineEvents {
  /** The relay has let us in; keys are being agreed on. Only of sealed rooms. */
  securing(welcome: Welcome): void;
  /** Frames can be exchanged. Comes once for each connection. */
  welcome(welcome: Welcome): void;
  peer(message: Joined | Left): void;
  /** The room is served elsewhere from now on, at `url` if that is known, and here for a while: see {@link Engine.move}. */
  moved(url: string | undefined): void;
  /** We are there now, beside where we were. */
  arrived(welcome: Welcome): void;
  /** We are not, or no longer, and are still where we were. */
  strayed(code: number, reason: string): void;
  /** Where we were is over, and where we are to be is not reached yet. As after `connect`, `welcome` follows, or `closed`. */
  reopening(code: number, reason: string): void;
  frame(frame: Frame): void;
  /** Only of sealed rooms. */
  standing(standing: Standing): void;
  trouble(trouble: Trouble): void;
  /** The relay sent what it must not; it was dropped. `from`: client id of the sender where one is to blame. */
  fault(message: string, from: string | undefined): void;
  hint(hint: Hint): void;
  /** A member asks us to move on with it. */
  move(move: { from: string; room_id: string; secret: Bytes }): void;
  /** The connection is over, and not by our doing. */
  closed(code: number, reason: string): void;
  /** Nothing was heard for too long; the connection is abandoned. */
  dead(): void;
}

export interface Engine {
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /** Opens a connection. One that was opened before is over, and nothing more is heard of it. Never throws. */
  connect(endpoint: Endpoint): void;
  /**
   * Opens a connection beside the one that is up, where its room has moved. Nothing changes for who sends or receives; the
   * connection of before is closed when nobody needs it any more. Does nothing if none is up. Never throws.
   */
  move(endpoint: Endpoint): void;
  send(frame: OutgoingFrame): void;
  /** Looks at once whether the connection is dead, for after a sleep. */
  probe(): void;
  /**
   * Ends the connection without an event; `leaving` gives the seat up. Resolves when the socket is closed or abandoned,
   * after `close_timeout_ms` at most.
   */
  hangUp(leaving: boolean): Promise<void>;
  /** See `Channel`. Rejects in unencrypted rooms. */
  safetyNumber(): Promise<string>;
  invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]>;
  /** For good: keys are overwritten, a Worker ends. */
  dispose(): void;
}

/** What a platform gives. Rejects with `AnteroomError` where sealed rooms cannot be had. */
export type OpenEngine = (config: EngineConfig, events: EngineEvents) => Promise<Engine>;
