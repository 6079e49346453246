/**
 * One client's connection: takes its messages, checks them, and hands them to its room. Knows nothing of `ws`: it sees
 * a {@link ClientSocket} and is told what happens on it.
 */
import { CLOSE, NORMAL_CLOSURE } from '../shared/protocol/close-codes.ts';
import { MAX_CONTROL_BYTES, parseControl, type RelayControl } from '../shared/protocol/control.ts';
import { destinationOf, headerFault, sourceOf, TO_ALL, TO_RELAY } from '../shared/protocol/frame.ts';
import type { Protocol } from '../shared/protocol/subprotocol.ts';
import { countOne, type Counts } from './counts.ts';
import { FrameMeter } from './frame-meter.ts';
import type { Pulse } from './pulse.ts';
import type { Rate, RateLimits } from './rate.ts';
import { controlText, forward, forwardTo, type Member, type Room } from './room.ts';
import type { Timing } from './timing.ts';

/** What a session needs of a WebSocket. */
export interface ClientSocket {
  /** What waits to be sent, bytes, bookkeeping included. */
  readonly waiting: number;
  send(data: Uint8Array, binary: boolean): void;
  ping(): void;
  pong(data: Uint8Array): void;
  /** Starts the closing handshake; the socket is cut off if the peer does not take part. */
  close(code: number, reason: string): void;
  terminate(): void;
}

export interface SessionLimits extends RateLimits {
  /** Bytes that may wait for this client, the next message included. */
  send_budget: number;
}

/** How a connection ended. `left`: the client gave up its seat; `broke`: its seat may be kept. */
export type Ending = 'left' | 'broke';

export interface SessionDeps {
  room: Room;
  client_id: string;
  slot: number;
  protocol: Protocol;
  limits: SessionLimits;
  /** Of the client, over all its connections: to connect anew gives it no fresh burst. */
  rate: Rate;
  timing: Timing;
  counts: Counts;
  pulse: Pulse;
  /** Called once, when the connection takes no more, however that came. */
  ended(session: Session, ending: Ending): void;
}

type State = { kind: 'open' } | { kind: 'closing' } | { kind: 'closed' };

const OPEN: State = { kind: 'open' };
const CLOSING: State = { kind: 'closing' };
const CLOSED: State = { kind: 'closed' };

export class Session implements Member {
  readonly client_id: string;
  readonly slot: number;
  readonly #deps: SessionDeps;
  readonly #socket: ClientSocket;
  readonly #raw: boolean;
  readonly #rate: Rate;
  readonly #meter = new FrameMeter();
  #state: State = OPEN;
  #sent_at: number;
  #ping_at: number;
  #unanswered = 0;

  constructor(socket: ClientSocket, deps: SessionDeps) {
    this.#deps = deps;
    this.#socket = socket;
    this.client_id = deps.client_id;
    this.slot = deps.slot;
    this.#raw = deps.protocol === 'anteroom.raw.v1';
    this.#rate = deps.rate;
    const now = performance.now();
    this.#sent_at = now;
    this.#ping_at = now + this.#pingDelay();
    deps.pulse.add(this);
  }

  /** A message of the client. */
  message(data: Uint8Array, binary: boolean): void {
    if (this.#state.kind !== 'open') return;
    const { counts, room } = this.#deps;
    counts.messages_in++;
    counts.bytes_in += data.length;
    if (!this.#take(data.length)) return this.end(CLOSE.TOO_SLOW, 'rate');
    if (this.#raw) return forward(room, this, data, binary);
    if (!binary) return this.#control(data);
    const fault = headerFault(data);
    if (fault !== undefined) return this.end(CLOSE.BAD_FRAME, `frame: ${fault}`);
    if (sourceOf(data) !== this.slot) return this.end(CLOSE.BAD_FRAME, 'frame: source');
    const destination = destinationOf(data);
    if (destination === TO_ALL) return forward(room, this, data, true);
    if (destination === TO_RELAY) counts.frames_to_relay++;
    else if (!forwardTo(room, destination, this, data)) counts.frames_unroutable++;
  }

  /**
   * Bytes as they came, after the messages in them. A fragment beyond the first counts as a message for the rate: a flood
   * of empty ones would cost as much as one of messages.
   */
  received(chunk: Uint8Array): void {
    if (this.#state.kind !== 'open') return;
    const fragments = this.#meter.push(chunk, this.#deps.pulse.now);
    if (fragments > 0) this.#rated(0, fragments);
  }

  /** A WebSocket ping of the client: it counts as a message for its rate, and its answer as one that waits for it. */
  pinged(data: Uint8Array): void {
    this.#rated(data.length);
    if (this.#state.kind !== 'open') return;
    if (this.#socket.waiting + data.length > this.#deps.limits.send_budget) {
      return this.end(CLOSE.TOO_SLOW, 'too slow');
    }
    this.#socket.pong(data);
  }

  /** A WebSocket pong of the client, asked for or not: it counts as a message, too. */
  ponged(bytes: number): void {
    this.#unanswered = 0;
    this.#rated(bytes);
  }

  /** The peer's close frame came, or the socket is closed; `code` is the peer's, 1005 or 1006 if it gave none. */
  closed(code: number): void {
    const before = this.#state;
    this.#state = CLOSED;
    if (before.kind === 'open') this.#over(code, code === NORMAL_CLOSURE ? 'left' : 'broke');
  }

  deliver(data: Uint8Array, binary: boolean): void {
    if (this.#state.kind !== 'open') return;
    const { counts, limits, pulse } = this.#deps;
    if (this.#socket.waiting + data.length > limits.send_budget) {
      return this.end(CLOSE.TOO_SLOW, 'too slow');
    }
    this.#socket.send(data, binary);
    this.#sent_at = pulse.now;
    counts.messages_out++;
    counts.bytes_out += data.length;
  }

  /** A control message; nothing in a raw room. */
  tell(control: RelayControl): void {
    if (!this.#raw) this.deliver(controlText(control), false);
  }

  /** Ends the connection from our side. */
  end(code: number, reason: string, ending: Ending = 'broke'): void {
    if (this.#state.kind !== 'open') return;
    this.#state = CLOSING;
    this.#socket.close(code, reason);
    this.#over(code, ending);
  }

  /** Called by the pulse every now and then: `alive` and pings. See {@link Beating}. */
  beat(now: number, stood = 0): void {
    if (this.#state.kind !== 'open') return;
    if (stood > 0) this.#excuse(stood);
    const { timing } = this.#deps;
    const { since } = this.#meter;
    if (since !== undefined && now - since >= timing.message) return this.end(CLOSE.TIMEOUT, 'message');
    if (now >= this.#ping_at) {
      if (this.#unanswered === 2) return this.#socket.terminate();
      this.#unanswered++;
      this.#ping_at = now + this.#pingDelay();
      this.#socket.ping();
    }
    // What was sent is stamped with the last beat, up to a tick too early: so wait for one more.
    if (!this.#raw && now - this.#sent_at >= timing.alive_after + timing.tick) this.tell({ type: 'alive' });
  }

  /** The process stood still for `ms`: what this client sent meanwhile, such as a pong, has not been read yet. */
  #excuse(ms: number): void {
    this.#ping_at += ms;
    if (this.#meter.since !== undefined) this.#meter.since += ms;
    this.#rate.excuse(ms);
  }

  #rated(bytes: number, messages = 1): void {
    if (this.#state.kind !== 'open') return;
    if (!this.#take(bytes, messages)) this.end(CLOSE.TOO_SLOW, 'rate');
  }

  /** False if the client is over its rate. While a stall is not noticed yet, nobody is: the next beat excuses it. */
  #take(bytes: number, messages = 1): boolean {
    const { pulse, timing } = this.#deps;
    const now = performance.now();
    return this.#rate.take(bytes, now, messages) || now - pulse.now >= timing.tick + timing.stall;
  }

  #control(data: Uint8Array): void {
    if (data.length > MAX_CONTROL_BYTES) return this.end(CLOSE.TOO_LARGE, 'control');
    const control = parseControl(Buffer.from(data.buffer, data.byteOffset, data.length).toString());
    if (control === undefined) return this.end(CLOSE.BAD_FRAME, 'control: not a JSON object with a type');
    if (control.type === 'leave') this.end(NORMAL_CLOSURE, 'left', 'left');
  }

  #over(code: number, ending: Ending): void {
    countOne(this.#deps.counts.closes, code);
    this.#deps.pulse.delete(this);
    this.#deps.ended(this, ending);
  }

  #pingDelay(): number {
    const { ping_min, ping_max } = this.#deps.timing;
    return ping_min + Math.random() * (ping_max - ping_min);
  }
}
