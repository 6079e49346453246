/** What a page and its Worker say to each other. All of it can be cloned. */
import type { Bytes } from '../e2ee/bytes.ts';
import type { OutgoingFrame } from '../e2ee/channel.ts';
import type { ErrorCode } from '../errors.ts';
import type { Endpoint, EngineConfig, EngineEvents } from './engine.ts';

/** To the Worker. What has a `call` is answered with the same number, once. */
export type Order =
  /** The first, once: answered with `opened` or `refused`. */
  | { do: 'open'; config: EngineConfig }
  /** `connection`: 1, 2, … */
  | { do: 'connect'; connection: number; endpoint: Endpoint }
  /** Of the connection of the latest `connect`. */
  | { do: 'move'; endpoint: Endpoint }
  | { do: 'send'; frame: OutgoingFrame }
  | { do: 'probe' }
  | { do: 'hang_up'; call: number; leaving: boolean }
  | { do: 'safety_number'; call: number }
  | { do: 'invite'; call: number; to: readonly string[]; room_id: string; secret: Bytes }
  /** The last. */
  | { do: 'dispose' };

type Event<E extends keyof EngineEvents> = { event: E; values: Parameters<EngineEvents[E]> };

/** One event of the engine, and the number of the connection that it is of. */
export type Told = { [E in keyof EngineEvents]: Event<E> }[keyof EngineEvents] & { connection: number };

export interface CallFailure {
  code: ErrorCode;
  message: string;
}

/** From the Worker. */
export type Report =
  | { kind: 'opened' }
  | { kind: 'refused'; failure: CallFailure }
  /**
   * `taken`: bytes of payloads that were sent to the Worker and came, since it was opened; `buffered`: bytes that wait in
   * the socket.
   */
  | { kind: 'told'; events: Told[]; taken: number; buffered: number }
  | { kind: 'done'; call: number; value: string | string[] | undefined }
  | { kind: 'failed'; call: number; failure: CallFailure };

/** One end of a channel of messages. */
export interface Port<Heard, Said> {
  /** `transfer`: buffers that go over to the other side. */
  post(message: Said, transfer: readonly ArrayBuffer[]): void;
  /** `heard` is called with each message from now on. */
  listen(heard: (message: Heard) => void): void;
}
