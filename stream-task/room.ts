/**
 * The hot path: who is connected to a room, and the way of a message from one of them to the others. Nothing here
 * awaits, parses, logs or allocates for a receiver.
 */
import type { RelayControl } from '../shared/protocol/control.ts';
import type { Protocol } from '../shared/protocol/subprotocol.ts';
import { RoomNotices, type NoticeDeps } from './congestion/notices.ts';
import { OPCODE, serverFrame } from './lane/server-frame.ts';
import { LOG_BYTES, RoomLog, type Sender, type Slice } from './room-log.ts';
import type { Dirty, Turns } from './turns.ts';

/** A connected client as its room sees it. */
export interface Member extends Sender {
  readonly client_id: string;
  readonly slot: number;
  /**
   * Takes whole server frames of other members, `bytes` of messages in all. True if they are not copied and must stay as
   * they are. Never throws, and never changes who is a member: see {@link Room.tooSlow}.
   */
  take(frames: Buffer, messages: number, bytes: number): boolean;
  /** Takes one whole server frame that is its own to keep, of a message of `bytes`. Ends its connection if too much waits. */
  deliver(frame: Buffer, bytes: number): void;
  /** The slot of a client that has left for good may be another's one day. */
  forget(slot: number): void;
  /** It is about to be told that the client at `slot` has left: nothing that waits of that may come afterwards. */
  left(slot: number): void;
  /** A control message; nothing in a raw room. */
  tell(control: RelayControl): void;
  /** Ends its connection, since too much waits for it. */
  endSlow(): void;
}

/**
 * What the messages of one room may cost in one turn of the event loop, in bytes sent to receivers: some milliseconds.
 * Beyond it the senders are not read until the next turn, so that a flood of one room does not delay the others.
 */
const TURN_BUDGET_BYTES = 4 * 1_048_576;
/** In a large room a whole log would cost several turns at once; but below this much writes are too small. */
const LEAST_LOG_BYTES = 16_384;
/** What a write costs besides its bytes, as bytes: a call of the kernel takes as long as copying some 8 KB. */
const WRITE_COST_BYTES = 8_192;

export class Room implements Dirty {
  readonly room_id: string;
  epoch: number;
  max_clients: number;
  /** That of the first connection; the room keeps to it for as long as this task knows the room. */
  protocol: Protocol | undefined;
  /**
   * Never changed in place: whoever walks it while a delivery ends a connection goes on over the members of before,
   * and an ended connection takes no more.
   */
  members: readonly Member[] = NOBODY;
  readonly #turns: Turns;
  /** What was sent in this turn; undefined if nothing. */
  #log: RoomLog | undefined;
  #scheduled = false;
  #sending = false;
  #ending = false;
  #notices: RoomNotices | undefined;
  #slow: Member[] = NONE_SLOW;
  #log_limit = LOG_BYTES;
  #turn = 0;
  #cost = 0;

  constructor(of: { room_id: string; epoch: number; max_clients: number }, turns: Turns) {
    this.room_id = of.room_id;
    this.epoch = of.epoch;
    this.max_clients = of.max_clients;
    this.#turns = turns;
  }

  add(member: Member): void {
    this.flush();
    this.#setMembers([...this.members, member]);
    this.#notices?.connected(member.slot, this.#turns.now);
  }

  remove(member: Member): void {
    this.flush();
    this.#setMembers(this.members.filter((other) => other !== member));
  }

  #setMembers(members: readonly Member[]): void {
    this.members = members;
    const share = TURN_BUDGET_BYTES / Math.max(members.length, 1);
    this.#log_limit = Math.max(LEAST_LOG_BYTES, Math.min(LOG_BYTES, share));
  }

  /**
   * A message to every other member: `length` bytes at `from[at]`, masked with `mask`. False, and nobody gets it, if
   * `checked` says that its bytes are not what they should be.
   */
  forward(
    sender: Member,
    from: Buffer,
    at: number,
    length: number,
    mask: number,
    binary: boolean,
    checked?: (bytes: Buffer) => boolean,
  ): boolean {
    if (this.#log !== undefined && !this.#log.fits(sender, length, this.#log_limit)) this.flush();
    if (this.#log === undefined) {
      this.#log = RoomLog.open();
      if (!this.#scheduled && this.members.length > 2) {
        this.#scheduled = true;
        this.#turns.flushLater(this);
      }
    }
    return this.#log.add(sender, from, at, length, mask, binary, checked);
  }

  /** Whether the messages of this turn have cost so much that its senders should be read in the next one. */
  get spent(): boolean {
    return this.#cost > TURN_BUDGET_BYTES && this.#turn === this.#turns.current;
  }

  /** What was read of one sender has been forwarded: between two there is nobody to share a write with. */
  readEnded(): void {
    if (!this.#scheduled && this.#log !== undefined) this.flush();
  }

  turnEnded(): void {
    this.#scheduled = false;
    this.flush();
  }

  /** Sends what was forwarded. */
  flush(): void {
    const log = this.#log;
    if (log === undefined) return;
    this.#log = undefined;
    this.#sending = true;
    const kept = log.messages > 0 && this.#send(log);
    this.#sending = false;
    log.close(kept);
    this.#endSlow();
  }

  /** Too much waits for `member`. While a log is sent nobody leaves the room: it is ended afterwards. */
  tooSlow(member: Member): void {
    if (this.#slow === NONE_SLOW) this.#slow = [];
    this.#slow.push(member);
    this.#endSlow();
  }

  #endSlow(): void {
    if (this.#sending || this.#ending || this.#slow === NONE_SLOW) return;
    this.#ending = true;
    // The others hear of each end, which may be too much for some of them: those come behind, not on top of each other.
    for (const member of this.#slow) member.endSlow();
    this.#slow = NONE_SLOW;
    this.#ending = false;
  }

  #send(log: RoomLog): boolean {
    const { members } = this;
    const { messages, bytes, serial } = log;
    const all = log.all();
    let kept = false;
    let cost = 0;
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!;
      if (member.log_serial !== serial) {
        if (member.take(all, messages, bytes)) kept = true;
        cost += all.length + WRITE_COST_BYTES;
        continue;
      }
      const { frames, messages: others, bytes: of_others } = log.without(member, slice);
      if (others === 0) continue;
      if (member.take(frames, others, of_others)) kept = true;
      cost += frames.length + WRITE_COST_BYTES;
    }
    this.#spend(cost);
    return kept;
  }

  #spend(cost: number): void {
    const { current } = this.#turns;
    if (this.#turn !== current) {
      this.#turn = current;
      this.#cost = 0;
    }
    this.#cost += cost;
    // Turns in which only rooms of two are busy are not told apart, until one of them has something to gain from it.
    if (this.#cost > TURN_BUDGET_BYTES / 2) this.#turns.tellApart();
  }

  /** What senders are told of receivers that cannot keep up. */
  notices(pulse: NoticeDeps['pulse']): RoomNotices {
    return (this.#notices ??= new RoomNotices({
      tell: (slot, control) => this.#member(slot)?.tell(control),
      pulse,
    }));
  }

  /** The client at `slot` has given up its seat. */
  forget(slot: number): void {
    for (const member of this.members) member.forget(slot);
    this.#notices?.forget(slot);
  }

  /** The room is served here no more. */
  end(): void {
    this.flush();
    this.#notices?.end();
  }

  /** No map: in a room of any usual size looking is as fast, and thousands of rooms would pay for the maps. */
  #member(slot: number): Member | undefined {
    return this.members.find((member) => member.slot === slot);
  }

  /** A whole server frame to the member at `slot`; false if nobody else is there. */
  forwardTo(slot: number, sender: Member, frame: Buffer, bytes: number): boolean {
    const member = this.#member(slot);
    if (member === undefined || member === sender) return false;
    // What the sender sent to all before comes before.
    this.flush();
    member.deliver(frame, bytes);
    this.#spend(frame.length + WRITE_COST_BYTES);
    return true;
  }

  /** Tells `control` to every member but `about`. Raw rooms have no control messages. */
  announce(control: RelayControl, about?: Member): void {
    this.flush();
    if (this.protocol !== 'anteroom.v1' || this.members.length === 0) return;
    this.#turns.read();
    const text = controlText(control);
    const frame = serverFrame(OPCODE.TEXT, text);
    for (const member of this.members) {
      if (member === about) continue;
      if (control.type === 'left') member.left(control.slot);
      member.deliver(frame, text.length);
    }
  }
}

/** Shared by all rooms, and never written to. */
const NOBODY: readonly Member[] = [];
const NONE_SLOW: Member[] = [];
const slice: Slice = { frames: Buffer.alloc(0), messages: 0, bytes: 0 };

/** A control message as the bytes of its text. */
export function controlText(control: RelayControl): Buffer {
  return Buffer.from(JSON.stringify(control));
}
