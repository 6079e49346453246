/**
 * One client's connection: takes its messages, checks them, and hands them to its room. Knows nothing of sockets and of
 * who parses what comes from them: it sees a {@link ClientSocket} and is told what happens on it.
 */
import { isUtf8 } from 'node:buffer';
import { ABNORMAL_CLOSURE, CLOSE, NORMAL_CLOSURE } from '../shared/protocol/close-codes.ts';
import { MAX_CONTROL_BYTES, parseControl, type RelayControl } from '../shared/protocol/control.ts';
import { TO_ALL, TO_RELAY } from '../shared/protocol/frame.ts';
import { Congestion, type CongestionDeps } from './congestion/congestion.ts';
import { countOne } from './counts.ts';
import { headerBytes, messageBytes, OPCODE, serverFrame, writeHeader } from './lane/server-frame.ts';
import { maskedAck, maskedDestination, maskedFault, maskedSource } from './lane/masked-header.ts';
import { createSlab, unmasked, unmaskInto } from './lane/unmask.ts';
import { Outbox } from './outbox.ts';
import type { Rate } from './rate.ts';
import { controlText, type Member, type Room } from './room.ts';
import type { ClientSocket, Ending, SessionDeps, SessionHost } from './session-types.ts';

/** `closing`: our close frame has been sent; what still comes from the client is ignored. */
type State = 'open' | 'closing' | 'closed';

/** How a connection ended, by the code that the client closed it with; `closed` for all others. */
const ENDINGS: ReadonlyMap<number, Ending> = new Map([
  [NORMAL_CLOSURE, 'left'],
  [ABNORMAL_CLOSURE, 'broke'],
]);

export class Session implements Member, CongestionDeps {
  readonly client_id: string;
  readonly slot: number;
  log_serial = 0;
  log_part = 0;
  readonly #host: SessionHost;
  readonly #room: Room;
  readonly #socket: ClientSocket;
  readonly #outbox: Outbox;
  readonly #raw: boolean;
  readonly #rate: Rate;
  readonly #deps: Pick<SessionDeps, 'ended' | 'movedOn'>;
  /** What it sends to others is sent elsewhere (R65). */
  moved_on = false;
  #state: State = 'open';
  #sent_at: number;
  #ping_at: number;
  #unanswered = 0;
  /** Undefined in a raw room, where the budget alone counts. */
  readonly #congestion: Congestion | undefined;
  /** Something of what is being taken was not copied. */
  #kept = false;
  /** Something did not fit its budget: it ends, and gets nothing behind that. */
  #refused = false;

  constructor(socket: ClientSocket, deps: SessionDeps) {
    this.#host = deps.host;
    this.#room = deps.room;
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    this.client_id = deps.client_id;
    this.slot = deps.slot;
    this.#raw = deps.protocol === 'anteroom.raw.v1';
    this.#rate = deps.rate;
    this.#deps = deps;
    this.#congestion = this.#raw ? undefined : new Congestion(this);
    const now = performance.now();
    this.#sent_at = now;
    this.#ping_at = now + this.#pingDelay();
    deps.host.pulse.add(this);
  }

  /**
   * A message of the client: `length` bytes at `from[at]`, masked with `mask`, valid during the call. False if no more of
   * them should be read in this turn.
   */
  message(from: Buffer, at: number, length: number, mask: number, binary: boolean): boolean {
    if (this.#state !== 'open') return true;
    const { counts } = this.#host;
    counts.messages_in++;
    counts.bytes_in += length;
    if (!this.#take(length)) this.end(CLOSE.TOO_SLOW, 'rate');
    else if (!this.#raw) this.#v1(from, at, length, mask, binary);
    else if (!this.#room.forward(this, from, at, length, mask, binary, binary ? undefined : isUtf8))
      this.#notText();
    return !this.#room.spent;
  }

  #v1(from: Buffer, at: number, length: number, mask: number, binary: boolean): void {
    if (!binary) return this.#control(from, at, length, mask);
    const fault = maskedFault(from, at, length, mask);
    if (fault !== undefined) return this.end(CLOSE.BAD_FRAME, `frame: ${fault}`);
    if (maskedSource(from, at, mask) !== this.slot) return this.end(CLOSE.BAD_FRAME, 'frame: source');
    const destination = maskedDestination(from, at, mask);
    if (this.moved_on && destination !== TO_RELAY) return;
    if (destination === TO_ALL) this.#room.forward(this, from, at, length, mask, true);
    else if (destination === TO_RELAY) this.#toRelay(from, at, length, mask);
    else this.#unicast(destination, from, at, length, mask);
  }

  /** Of what a client may tell the relay, this one knows acknowledgements (R19). */
  #toRelay(from: Buffer, at: number, length: number, mask: number): void {
    this.#host.counts.frames_to_relay++;
    const count = maskedAck(from, at, length, mask);
    if (count !== undefined) this.#congestion?.acked(count, this.#host.turns.now);
  }

  #unicast(slot: number, from: Buffer, at: number, length: number, mask: number): void {
    const slab = createSlab(headerBytes(length) + length);
    const payload = writeHeader(slab.bytes, 0, OPCODE.BINARY, length);
    unmaskInto(slab, payload, from, at, length, mask);
    const frame = slab.bytes.subarray(0, payload + length);
    if (!this.#room.forwardTo(slot, this, frame, length)) this.#host.counts.frames_unroutable++;
  }

  /** Whether its messages should be read in the next turn: see {@link Room.spent}. */
  get spent(): boolean {
    return this.#state === 'open' && this.#room.spent;
  }

  /** What was read in one go has all been given to {@link message}. */
  readEnded(): void {
    this.#room.readEnded();
  }

  /**
   * So many fragments of messages beyond the first began: each counts as a message for the rate, since a flood of empty
   * ones would cost as much as one of messages.
   */
  fragments(count: number): void {
    this.#rated(0, count);
  }

  /** A WebSocket ping of the client: it counts as a message for its rate, and its answer as one that waits for it. */
  pinged(data: Uint8Array): void {
    this.#rated(data.length);
    if (this.#state !== 'open') return;
    if (this.#tooMuch(data.length)) return this.endSlow();
    this.#outbox.write(serverFrame(OPCODE.PONG, data), 1);
  }

  /** A WebSocket pong of the client, asked for or not: it counts as a message, too. */
  ponged(bytes: number): void {
    this.#unanswered = 0;
    this.#rated(bytes);
  }

  /** What the client sent breaks the WebSocket protocol, or a limit of it; `code` is ours. */
  broken(code: number): void {
    this.end(code, '', 'broke', true);
  }

  /** The peer's close frame came, or the socket is closed; `code` is the peer's, 1005 or 1006 if it gave none. */
  closed(code: number): void {
    const before = this.#state;
    this.#state = 'closed';
    if (before === 'open') this.#over(code, ENDINGS.get(code) ?? 'closed');
  }

  /** The wire has given everything to the kernel. */
  drained(): void {
    // What was kept for a connection that is over is not sent behind its close frame.
    if (this.#state === 'open') this.#outbox.drained();
  }

  take(frames: Buffer, messages: number, bytes: number): boolean {
    if (this.#state !== 'open') return false;
    const congestion = this.#congestion;
    if (congestion === undefined) return this.#write(frames, messages, bytes);
    const { now, blind } = this.#host.turns;
    if (congestion.clear(now, blind)) {
      congestion.sent(messages, frames.length, now);
      return this.#write(frames, messages, bytes);
    }
    this.#kept = false;
    congestion.pass(frames, now, blind);
    return this.#kept;
  }

  /** Of {@link take}: what is left of `frames` for a client that is late. */
  send(frames: Uint8Array, messages: number): void {
    if (this.#write(frames, messages, messageBytes(frames))) this.#kept = true;
  }

  deliver(frame: Buffer, bytes: number): void {
    this.take(frame, 1, bytes);
  }

  /** True if `frames` are not copied and must stay as they are. */
  #write(frames: Uint8Array, messages: number, bytes: number): boolean {
    if (this.#state !== 'open' || this.#refused) return false;
    const outbox = this.#outbox;
    if (!outbox.idle && this.#tooMuch(bytes)) {
      this.#refused = true;
      this.#room.tooSlow(this);
      return false;
    }
    const { counts, pulse } = this.#host;
    this.#sent_at = pulse.now;
    counts.messages_out += messages;
    counts.bytes_out += bytes;
    return outbox.write(frames, messages);
  }

  leftOut(frame_class: number): void {
    countOne(this.#host.counts.frames_left_out, frame_class);
  }

  needKeyframe(source: number, stream: number, now: number): void {
    this.#room.notices(this.#host.pulse).needKeyframe(source, stream, now);
  }

  congested(source: number, level: number, before: number, now: number): void {
    this.#room.notices(this.#host.pulse).congested(source, level, before, now);
  }

  forget(slot: number): void {
    this.#congestion?.forget(slot);
  }

  left(slot: number): void {
    this.#congestion?.left(slot);
  }

  /** A control message; nothing in a raw room. */
  tell(control: RelayControl): void {
    if (this.#raw) return;
    // Not after something that was read: the clock of the turn may be old.
    this.#host.turns.read();
    const text = controlText(control);
    this.deliver(serverFrame(OPCODE.TEXT, text), text.length);
  }

  endSlow(): void {
    this.end(CLOSE.TOO_SLOW, 'too slow');
  }

  /** Ends the connection from our side. */
  end(code: number, reason: string, ending: Ending = 'broke', failed = false): void {
    // What it sent until now goes out before the others hear of its end, and what it was sent before its close frame.
    this.#room.flush();
    // Perhaps by now, since that was too much for it.
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#outbox.finish();
    this.#socket.sendClose(code, reason, failed);
    this.#over(code, ending);
  }

  /** Called by the pulse every now and then: `alive` and pings. See {@link Beating}. */
  beat(now: number, stood = 0): void {
    if (this.#state !== 'open') return;
    if (stood > 0) this.#excuse(stood, now);
    this.#congestion?.beat(now);
    const { timing } = this.#host;
    const { since } = this.#socket;
    if (since !== undefined && now - since >= timing.message) return this.end(CLOSE.TIMEOUT, 'message');
    if (now >= this.#ping_at) {
      if (this.#unanswered === 2) return this.#socket.terminate();
      this.#unanswered++;
      this.#ping_at = now + this.#pingDelay();
      this.#outbox.write(PING, 0);
    }
    // What was sent is stamped with the last beat, up to a tick too early: so wait for one more.
    if (!this.#raw && now - this.#sent_at >= timing.alive_after + timing.tick) this.tell({ type: 'alive' });
  }

  /** The process stood still for `ms`: what this client sent meanwhile, such as a pong, has not been read yet. */
  #excuse(ms: number, now: number): void {
    this.#congestion?.excuse(ms, now);
    this.#ping_at += ms;
    if (this.#socket.since !== undefined) this.#socket.since += ms;
    this.#rate.excuse(ms);
  }

  #rated(bytes: number, messages = 1): void {
    if (this.#state !== 'open') return;
    if (!this.#take(bytes, messages)) this.end(CLOSE.TOO_SLOW, 'rate');
  }

  /** False if the client is over its rate. While a stall is not noticed yet, nobody is: the next beat excuses it. */
  #take(bytes: number, messages = 1): boolean {
    const { pulse, timing, turns } = this.#host;
    const { now } = turns;
    return this.#rate.take(bytes, now, messages) || now - pulse.now >= timing.tick + timing.stall;
  }

  #tooMuch(bytes: number): boolean {
    return this.#outbox.waiting + bytes > this.#host.limits.send_budget;
  }

  #notText(): void {
    this.broken(CLOSE.BAD_FRAME);
  }

  #control(from: Buffer, at: number, length: number, mask: number): void {
    if (length > MAX_CONTROL_BYTES) return this.end(CLOSE.TOO_LARGE, 'control');
    const text = unmasked(from, at, length, mask);
    if (!isUtf8(text)) return this.#notText();
    const control = parseControl(text.toString());
    if (control === undefined) return this.end(CLOSE.BAD_FRAME, 'control: not a JSON object with a type');
    if (control.type === 'leave') this.end(NORMAL_CLOSURE, 'left', 'left');
    else if (control.type === 'moved_on') this.moved_on ||= this.#deps.movedOn(this);
  }

  #over(code: number, ending: Ending): void {
    const { counts, pulse, turns } = this.#host;
    this.#congestion?.end(turns.now);
    countOne(counts.closes, code);
    pulse.delete(this);
    this.#deps.ended(this, ending);
  }

  #pingDelay(): number {
    const { ping_min, ping_max } = this.#host.timing;
    return ping_min + Math.random() * (ping_max - ping_min);
  }
}

const PING = serverFrame(OPCODE.PING, new Uint8Array(0));
