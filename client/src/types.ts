/** The public types of the SDK. */
import type { FrameClass } from '../../shared/protocol/frame.ts';
import type { CongestionLevel, RelayLimits } from '../../shared/protocol/control.ts';
import type { AnteroomError } from './errors.ts';

/** Why a room ended for this client. `code` is the WebSocket close code where the relay closed. */
export type CloseReason =
  /** `leave()` was called. */
  | { kind: 'left' }
  /** The room or this client's seat is gone: unknown, closed or expired. */
  | { kind: 'gone' }
  /** This client connected elsewhere with the same ticket. */
  | { kind: 'replaced'; code: number }
  /** The relay refused us for good (ticket, frame, size). */
  | { kind: 'refused'; code: number; reason: string }
  /** The reconnect policy gave up, or the router itself refused in a way that no later attempt changes. */
  | { kind: 'gave_up'; error: AnteroomError };

/** The connection of a room, as one value. */
export type ConnectionState =
  | { status: 'connecting' }
  /** Keys are being agreed on with the others. */
  | { status: 'securing' }
  | { status: 'live' }
  /**
   * The connection broke; the seat is kept for a while. `retry_in_ms` is the wait before attempt `attempt` (1, 2, …),
   * 0 while that attempt is made. `cause` is a sentence for people.
   */
  | { status: 'reconnecting'; attempt: number; retry_in_ms: number; cause: string }
  | { status: 'closed'; reason: CloseReason };

/** Another client of the room that is connected now. */
export interface Member {
  client_id: string;
  /** It has shown that it has the link, and reads what we send. Never so in an unencrypted room. */
  sealed: boolean;
}

/**
 * Whom the encryption covers, by client id. In a sealed room `sealed`, `securing` and `unsealed` together name each member
 * who is connected once; nothing is ever sent to one who is not sealed.
 * `securing`: keys are being agreed on with somebody. `sealed`: with everybody, which is so for who is alone.
 * `partly_sealed`: somebody did not show in time that it has the link, and takes no part.
 * `disagreeing`: sealed, but for long now it has named other members than we see; somebody may be hidden from one of us.
 */
export type Security =
  | { status: 'unencrypted' }
  | {
      status: 'securing' | 'sealed' | 'partly_sealed';
      sealed: readonly string[];
      securing: readonly string[];
      unsealed: readonly string[];
      disagreeing: readonly string[];
    };

/**
 * Why a frame of a sealed room was not shown.
 * `malformed`: no frame of ours, or beyond the limits; `context`: sealed for another class than its header says;
 * `replay`: it came before; `tag`: not sealed like this with the sender's key; `signature`: not by the sender itself;
 * `no_key`: no key for it came in time; `not_sealed`: it is not encrypted; `hello`: a HELLO that is not by somebody with the
 * link, or not for its slot; `key`: a KEY that does not open or is refused; `identity`: somebody with another identity claims
 * a client id; `full`: there are more members than keys are kept of.
 */
export type UnreadableReason =
  | 'malformed'
  | 'context'
  | 'replay'
  | 'tag'
  | 'signature'
  | 'no_key'
  | 'not_sealed'
  | 'hello'
  | 'key'
  | 'identity'
  | 'full';

/** A frame from another client. */
export interface Frame {
  /** Client id of the sender. */
  from: string;
  class: FrameClass;
  /** Stream of the sender, 0–31. */
  stream: number;
  /** Temporal layer, 0–7. */
  layer: number;
  keyframe: boolean;
  droppable: boolean;
  /** Whether it was sent to this client alone. */
  unicast: boolean;
  /**
   * A view of a buffer that may hold more than the payload, such as the header before it (`payload.byteOffset` says how much).
   * Nothing is copied, and nothing overwrites it later. Where an offset must be a
   * multiple of 4 or 8 (`Float32Array`, …), or the buffer is to be transferred, take `payload.slice()`; a `DataView` needs
   * `new DataView(payload.buffer, payload.byteOffset, payload.byteLength)`.
   */
  payload: Uint8Array;
}

/** A frame of class MSG. */
export interface Message {
  from: string;
  /** A view, as `payload` of {@link Frame} is. */
  data: Uint8Array;
  /** `data` as UTF-8 text. */
  text(): string;
  unicast: boolean;
}

/**
 * What a room tells. A listener that throws disturbs neither the room nor other listeners: the exception is reported as
 * the platform reports those of its own events (`reportError`, else an uncaught exception).
 */
export interface RoomEvents {
  state: ConnectionState;
  /** Whom the encryption covers now. Only of sealed rooms. */
  security: Security;
  /**
   * Another client connected, for the first time or again after a break. In a sealed room it is told once keys are agreed on
   * with it, so that it reads what is sent from here on; or, with `sealed: false`, when five seconds did not do for that.
   */
  joined: Member;
  /**
   * `gone`: left for good; otherwise its connection broke and it may be back. If it is not, a second event with `gone`
   * follows when its seat runs out: when the relay says so or, if that was missed while we were away ourselves, after
   * a minute at least.
   */
  left: { client_id: string; gone: boolean };
  /** Every frame from others, of any class. */
  frame: Frame;
  /** Frames of class MSG. */
  message: Message;
  /**
   * Something was dropped, or did not arrive; the room goes on. `from` names the sender where one is to blame. `error.code`:
   * `protocol`: the relay or a client sent what it must not. In sealed rooms also `unreadable`: `count` frames of `from` could
   * not be opened, for `reason`, and were dropped (told once a second at most); `lost`: `count` messages of `from` will not
   * come any more; `not_sent`: a message of ours reached nobody; `to` where it was for one member alone.
   */
  error: { error: AnteroomError; from?: string; to?: string; reason?: UnreadableReason; count?: number };
  /**
   * The next frame of our stream `stream` (0–31) should be a keyframe: somebody who could not keep up can go on from there.
   * Asked for once a second at most, until one was sent. This event, `congested` and `dropped` are the relay's word alone, in
   * sealed rooms too: nobody vouches for them. A relay that lies here wins no more than by leaving frames out, which it can do
   * anyway; so they are hints for how to send, and no news about members.
   */
  keyframe: { stream: number };
  /**
   * What the relay leaves out of our droppable frames changed: for `receivers` who cannot keep up, of whom the worst lacks,
   * by `level`, 1: temporal layer 2, and all poses but the newest; 2: layers 1 and 2; 3: all video. Level 0: nothing any more.
   * Told once a second at most. It is 0 at first, and again when the room is live after a break.
   */
  congested: { level: CongestionLevel; receivers: number };
  /**
   * We could not keep up: the relay has left out `count` frames of this class and stream of member `from` since it told so
   * last, once a second at most. Messages are never left out.
   */
  dropped: { from: string; class: FrameClass; stream: number; count: number };
  /** A sealed member has moved on to another room, and invites us: `joinRoom(link)`. The link is secret. Only of sealed rooms. */
  move: { from: string; room_id: string; link: string };
}

export interface SendOptions {
  /** Client id of the one receiver. Default: all others. */
  to?: string;
  /** Stream of this sender, 0–31. Default: 0. */
  stream?: number;
  /** Temporal layer, 0–7. Default: 0. */
  layer?: number;
  /**
   * The relay may leave it out for a receiver that cannot keep up. Default: true for classes POSE, VIDEO and AUDIO. Those of
   * class CTRL and MSG are never left out, whatever is said here.
   */
  droppable?: boolean;
  keyframe?: boolean;
}

/**
 * The delay before reconnect attempt `attempt` (1, 2, …) in ms, or null to give up. Anything else than a finite number from
 * 0 up means null, too: undefined, NaN, Infinity, a promise. `elapsed_ms`: time since the connection broke. Attempts count
 * on if a connection breaks within ten seconds of its welcome. Where the relay sent us away on purpose, the first attempt is
 * made at once whatever delay comes back, unless it is null. Where the router said `Retry-After`, the delay comes on top of
 * that: a random one keeps those apart who were told the same.
 */
export type ReconnectPolicy = (attempt: number, elapsed_ms: number) => number | null;

/** How far a call is that enters a room, until it resolves or rejects. */
export type EntryProgress =
  /**
   * No task has a place for the room, so one is being started, which takes a minute or so: the call waits. It began to at
   * `since`; at `expires_at`, by the clock of the router, the room is given up, and the call rejects with `no_task_available`.
   * Both are ms since the Unix epoch. `seat` is the `resume` with which another call goes on with the wait, e.g. after a reload;
   * its ticket is secret. `link`, of sealed rooms, lets others in already, who wait as well.
   */
  | {
      status: 'pending';
      since: number;
      expires_at: number;
      seat: { room_id: string; client_id: string; ticket: string };
      link?: string;
    }
  /** The room has a place, and is being connected to. */
  | { status: 'connecting' };

export interface ConnectOptions {
  /** Base URL of the router API, such as `https://room.example`. */
  router: string;
  /**
   * Default: `fullJitter()`. It is asked for the first connection, too, and for the first grant: where the router is busy,
   * has no task just now, fails (any 5xx), does not answer, or says when to come again (`rate_limited`), the call asks
   * again, three times at most and within 25 s. It does so with the idempotency key of the first time, so that no second
   * room or seat comes of it; what the router is still at work on is asked for each second. Every other refusal, such as
   * `room_full` and `rooms_exhausted`, is told at once.
   */
  reconnect?: ReconnectPolicy;
  /**
   * Ends the request, the wait for a task, or that for the first connection, early: the call rejects with `aborted`. A seat
   * that the router has given by then is not used; it expires by itself, after the deployment's CONNECT_TIMEOUT once there is a
   * task. Once the room is live the signal does nothing: call `leave()`.
   */
  signal?: AbortSignal;
  /** Hears how far the call is, before it resolves; of `pending` again where `expires_at` has become another. */
  onProgress?: (progress: EntryProgress) => void;
  /** In place of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

export interface CreateUnencryptedRoomOptions extends ConnectOptions {
  /** Clients in the room at most. Default and upper limit: the deployment's. */
  max_clients?: number;
  kind?: 'relay' | 'render';
  /** False: rejects with `no_task_available` where a task would have to be started first. Default: waits for it. */
  wait?: boolean;
}

export interface CreateRoomOptions extends CreateUnencryptedRoomOptions {
  /**
   * URL of the page that opens links: the link of a room is `r/<room_id>#<secret>` below it. Default: in a page, where that
   * page itself is (without `r/<room_id>`, where it has that); elsewhere the router's URL.
   */
  page?: string;
}

export interface JoinRoomOptions extends ConnectOptions {
  /** Takes up the seat of an earlier room (`room.seat`) in place of a new one, for as long as that is kept. */
  resume?: { client_id: string; ticket: string };
}

export interface JoinUnencryptedRoomOptions extends JoinRoomOptions {
  room_id: string;
}

/** A room that this client is in. */
export interface Room {
  readonly room_id: string;
  readonly client_id: string;
  readonly max_clients: number;
  /** What is needed to take this seat up again, e.g. after a reload. The ticket is secret. */
  readonly seat: { room_id: string; client_id: string; ticket: string };
  readonly state: ConnectionState;
  /** The others who are connected now. */
  readonly members: readonly Member[];
  readonly security: Security;
  /** What the relay allows, by its latest welcome; undefined before the first, that is, before the room was live. */
  readonly limits: RelayLimits | undefined;
  /** Calls `listener` on each event; returns what stops that. */
  on<E extends keyof RoomEvents>(event: E, listener: (value: RoomEvents[E]) => void): () => void;
  /**
   * Sends one frame. False if it could not be sent now (not live, or `to` is not here or not sealed). Throws `AnteroomError`
   * (`invalid_argument`) for what can never be sent: a payload over the limit, a stream or layer out of range, and in sealed
   * rooms class CTRL, which is the encryption's own. In a sealed room, messages (class MSG) also wait in state `securing`, for
   * as long as that lasts, and those that a broken connection swallowed are sent again; what comes of it otherwise is told as
   * `error` (`not_sent`).
   */
  send(frame_class: FrameClass, payload: Uint8Array, options?: SendOptions): boolean;
  /** Sends text as a frame of class MSG; otherwise like {@link Room.send}. */
  sendText(text: string, options?: Pick<SendOptions, 'to'>): boolean;
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number;
  /**
   * Gives the seat up for good and closes: the state is `closed` at once, and no more events follow that. In a sealed room the
   * others are told first. Resolves when the socket is closed, after three seconds at most. Without a connection nobody can be
   * told, and the seat expires by itself after the deployment's RESUME_GRACE. A second call does nothing.
   */
  leave(): Promise<void>;
}

export interface MoveOptions extends Pick<
  CreateUnencryptedRoomOptions,
  'kind' | 'wait' | 'signal' | 'onProgress'
> {}

/** A room whose members alone can read what they send. */
export interface SealedRoom extends Room {
  /** What lets others in: give it to those who may read everything, and to nobody else. It holds the secret of the room. */
  readonly link: string;
  /**
   * 30 digits in groups of five, over the identities of this client and all members that are sealed. Who compares them over
   * another channel and finds the same knows that nobody is in between.
   */
  safetyNumber(): Promise<string>;
  /**
   * Moves on without these members: makes a new room with a new secret, enters it, and invites everybody else who is sealed
   * (event `move`). Resolves with the new room, once it is live. The old one stays as it is: leave it when you like.
   * Rejects as `createRoom` does.
   */
  moveWithout(client_ids: readonly string[], options?: MoveOptions): Promise<SealedRoom>;
}
