/**
 * Sealed channels over a relay in memory, in virtual time: nothing moves but by {@link SealedTown.run}, and each run of a
 * script is the same.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import type { Standing, Trouble } from '../../client/src/e2ee/channel.ts';
import type { CryptoPort } from '../../client/src/e2ee/crypto-port.ts';
import { SealedChannel } from '../../client/src/e2ee/sealed-channel.ts';
import { nodeCrypto } from '../../client/src/node/crypto.ts';
import type { Frame } from '../../client/src/types.ts';
import type { Joined, Left, Welcome } from '../../shared/protocol/control.ts';
import { destinationOf, FRAME_CLASS, HEADER_BYTES, TO_ALL } from '../../shared/protocol/frame.ts';
import type { FrameClass } from '../../shared/protocol/frame.ts';
import { seededFill } from './e2ee.ts';

export const LIMITS: Welcome['limits'] = {
  max_frame_bytes: 65_536,
  max_control_bytes: 4_096,
  messages_per_second: 1_000,
  bytes_per_second: 10_000_000,
  send_budget_bytes: 1_000_000,
  max_clients: 64,
};

/** What the relay says to a member, in order. */
type Said =
  | { kind: 'welcome'; welcome: Welcome }
  | { kind: 'joined'; message: Joined }
  | { kind: 'left'; message: Left }
  | { kind: 'frame'; frame: Bytes };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One member, and all that it was told. */
export class Resident {
  readonly client_id: string;
  readonly channel: SealedChannel;
  readonly frames: Frame[] = [];
  readonly troubles: Trouble[] = [];
  readonly moves: { from: string; room_id: string; secret: Bytes }[] = [];
  readonly joined: string[] = [];
  readonly left: { client_id: string; reason: string }[] = [];
  standing: Standing = { sealed: [], securing: [], unsealed: [], disagreeing: [] };
  secured: Welcome[] = [];
  slot: number | undefined;
  alarm = Infinity;
  /** What is on its way from the relay. */
  readonly inbox: Said[] = [];
  /** What this member sent to the relay and the relay has not read. */
  readonly outbox: Bytes[] = [];

  constructor(client_id: string, channel: SealedChannel) {
    this.client_id = client_id;
    this.channel = channel;
  }

  /** Texts of class MSG that were shown, each with its sender. */
  get texts(): string[] {
    return this.frames
      .filter((frame) => frame.class === FRAME_CLASS.MSG)
      .map(({ from, payload }) => `${from}: ${decoder.decode(payload)}`);
  }

  say(text: string, to?: string): void {
    this.send(FRAME_CLASS.MSG, encoder.encode(text), to);
  }

  send(frame_class: FrameClass, payload: Uint8Array, to?: string): void {
    this.channel.send({
      class: frame_class,
      payload,
      stream: 0,
      layer: 0,
      droppable: false,
      keyframe: false,
      to,
    });
  }
}

/** What the test may do to a frame on its way: the frames that arrive in its place. */
export type Meddle = (frame: Bytes, from: Resident, to: Resident) => Bytes[];

export interface SealedTownOptions {
  room_id?: string;
  port?: CryptoPort;
  seed?: number;
}

const SECRET = new Uint8Array(32).fill(7);

/** A room: its relay, its members and the time. */
export class SealedTown {
  readonly room_id: string;
  readonly residents: Resident[] = [];
  /** Every frame that the relay saw, in order. */
  readonly seen: { from: string; frame: Bytes }[] = [];
  meddle: Meddle = (frame) => [frame];
  now = 1_000;
  readonly #port: CryptoPort;
  #seed: number;

  constructor({ room_id = '12345', port = nodeCrypto, seed = 1 }: SealedTownOptions = {}) {
    this.room_id = room_id;
    this.#port = port;
    this.#seed = seed;
  }

  /** A client with the link, or with another secret; not connected yet. */
  async make(client_id: string, secret: Uint8Array = SECRET, max_peers?: number): Promise<Resident> {
    let resident: Resident | undefined;
    const channel = await SealedChannel.create(
      {
        crypto: this.#port,
        fill: seededFill(this.#seed++),
        clock: () => this.now,
        room_id: this.room_id,
        secret: new Uint8Array(secret),
        ...(max_peers === undefined ? {} : { max_peers }),
      },
      {
        send: (frame) => {
          const { outbox, slot } = resident!;
          if (slot !== undefined) outbox.push(frame.slice());
        },
        secured: (welcome) => resident!.secured.push(welcome),
        joined: (message) => resident!.joined.push(message.client_id),
        left: ({ client_id, reason }) => resident!.left.push({ client_id, reason }),
        frame: (frame) => resident!.frames.push(frame),
        standing: (standing) => (resident!.standing = standing),
        trouble: (trouble) => resident!.troubles.push(trouble),
        move: (move) => resident!.moves.push(move),
        alarm: (at) => (resident!.alarm = at),
      },
    );
    resident = new Resident(client_id, channel);
    this.residents.push(resident);
    return resident;
  }

  /** Makes a client and connects it. */
  async join(client_id: string, secret?: Uint8Array): Promise<Resident> {
    const resident = await this.make(client_id, secret);
    this.connect(resident);
    return resident;
  }

  /** `slot`: default the lowest that is free. */
  connect(resident: Resident, slot = this.#freeSlot()): void {
    const others = this.#connected();
    resident.slot = slot;
    const { client_id } = resident;
    const clients = others.map((other) => ({ client_id: other.client_id, slot: other.slot! }));
    const welcome: Welcome = {
      type: 'welcome',
      room_id: this.room_id,
      epoch: 1,
      slot,
      clients,
      limits: LIMITS,
      resume_grace_ms: 20_000,
    };
    resident.inbox.push({ kind: 'welcome', welcome });
    for (const other of others) {
      other.inbox.push({ kind: 'joined', message: { type: 'joined', client_id, slot } });
    }
  }

  /** The connection breaks: what is on its way is lost, in both directions or as told. */
  cut(resident: Resident, reason: 'resuming' | 'gone' = 'resuming'): void {
    const { slot, client_id } = resident;
    if (slot === undefined) return;
    resident.slot = undefined;
    resident.inbox.length = 0;
    resident.outbox.length = 0;
    resident.channel.disconnected();
    for (const other of this.#connected()) {
      other.inbox.push({ kind: 'left', message: { type: 'left', client_id, slot, reason } });
    }
  }

  /** The relay says that one who was cut off is gone for good. */
  gone(resident: Resident): void {
    for (const other of this.#connected()) {
      const message: Left = { type: 'left', client_id: resident.client_id, slot: 0, reason: 'gone' };
      other.inbox.push({ kind: 'left', message });
    }
  }

  /** Leaves as the SDK does: BYE, then the relay says that it is gone. */
  async leave(resident: Resident): Promise<void> {
    await resident.channel.bye();
    await this.settle();
    this.cut(resident, 'gone');
    resident.channel.close();
  }

  /** Delivers all that is on its way, until nothing moves any more. Time stands still. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      quiet = this.#relay() || this.#deliver() || this.#tick() ? 0 : quiet + 1;
      await turn();
    }
  }

  /** Lets `ms` pass, in steps of `step` at most. */
  async run(ms: number, step = 50): Promise<void> {
    const end = this.now + ms;
    await this.settle();
    while (this.now < end) {
      this.now = Math.min(end, this.now + step);
      await this.settle();
    }
  }

  /** Time goes by and nobody is run: a machine that slept. */
  sleep(ms: number): void {
    this.now += ms;
  }

  #connected(): Resident[] {
    return this.residents.filter(({ slot }) => slot !== undefined);
  }

  #freeSlot(): number {
    const taken = new Set(this.residents.map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot++;
    return slot;
  }

  /** The relay reads what was sent and passes it on. */
  #relay(): boolean {
    let moved = false;
    for (const from of this.#connected()) {
      for (const frame of from.outbox.splice(0)) {
        moved = true;
        this.seen.push({ from: from.client_id, frame });
        const destination = destinationOf(frame);
        for (const to of this.#connected()) {
          if (to === from || (destination !== TO_ALL && destination !== to.slot)) continue;
          for (const arriving of this.meddle(frame.slice(), from, to)) {
            to.inbox.push({ kind: 'frame', frame: arriving });
          }
        }
      }
    }
    return moved;
  }

  #deliver(): boolean {
    let moved = false;
    for (const resident of this.residents) {
      for (const said of resident.inbox.splice(0)) {
        moved = true;
        if (said.kind === 'welcome') resident.channel.welcome(said.welcome);
        else if (said.kind === 'joined') resident.channel.joined(said.message);
        else if (said.kind === 'left') resident.channel.left(said.message);
        else resident.channel.receive(said.frame);
      }
    }
    return moved;
  }

  #tick(): boolean {
    let ticked = false;
    for (const resident of this.residents) {
      if (resident.alarm > this.now) continue;
      resident.alarm = Infinity;
      resident.channel.tick();
      ticked = true;
    }
    return ticked;
  }
}

/** The payload of a frame. */
export const payloadBytes = (frame: Bytes): Bytes => frame.slice(HEADER_BYTES);
