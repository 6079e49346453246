/** One member of a simulated room: its channel, what is on its way to and from it, and all that it was told. */
import type { Bytes } from '../../client/src/e2ee/bytes.ts';
import type { ChannelEvents, Standing, Trouble } from '../../client/src/e2ee/channel.ts';
import type { SealedChannel } from '../../client/src/e2ee/sealed-channel.ts';
import type { Frame } from '../../client/src/types.ts';
import type { Joined, Left, Welcome } from '../../shared/protocol/control.ts';
import { FRAME_CLASS } from '../../shared/protocol/frame.ts';
import type { FrameClass } from '../../shared/protocol/frame.ts';

export const LIMITS: Welcome['limits'] = {
  max_frame_bytes: 65_536,
  max_control_bytes: 4_096,
  messages_per_second: 1_000,
  bytes_per_second: 10_000_000,
  send_budget_bytes: 1_000_000,
  max_clients: 64,
};

/** What is the same in all welcomes. */
export const WELCOME = { type: 'welcome', epoch: 1, limits: LIMITS, resume_grace_ms: 20_000 } as const;

/** What the relay says to a member. */
export type Said =
  | { kind: 'welcome'; welcome: Welcome }
  | { kind: 'joined'; message: Joined }
  | { kind: 'left'; message: Left }
  | { kind: 'frame'; frame: Bytes };

/** Things on their way, by when they arrive; those of one time in the order in which they were put in. */
export class Way<T> {
  readonly #items: { at: number; item: T }[] = [];
  #last = -Infinity;

  /** Arrives at once. */
  push(item: T): void {
    this.putAt(item, -Infinity);
  }

  /** Behind all that were put in before. */
  put(item: T, at: number): void {
    this.#last = Math.max(this.#last, at);
    this.putAt(item, this.#last);
  }

  /** Perhaps ahead of others. */
  putAt(item: T, at: number): void {
    const before = this.#items.findLastIndex((other) => other.at <= at);
    this.#items.splice(before + 1, 0, { at, item });
  }

  /** The first that has arrived at `now`. */
  take(now: number): T | undefined {
    return (this.#items[0]?.at ?? Infinity) <= now ? this.#items.shift()!.item : undefined;
  }

  get next(): number {
    return this.#items[0]?.at ?? Infinity;
  }

  clear(): void {
    this.#items.length = 0;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Resident {
  readonly client_id: string;
  /** Of its random bytes. */
  readonly seed: number;
  readonly frames: Frame[] = [];
  readonly troubles: Trouble[] = [];
  readonly moves: { from: string; room_id: string; secret: Bytes }[] = [];
  readonly secured: Welcome[] = [];
  /** Client ids that the application was told of, and those that left: as they came. */
  readonly joined: string[] = [];
  readonly left: { client_id: string; reason: string }[] = [];
  /** Who is here, by what the application was told; and who was told to come though it was here. */
  readonly members = new Set<string>();
  readonly twice: string[] = [];
  standing: Standing = { sealed: [], securing: [], unsealed: [], disagreeing: [] };
  /** Every plaintext that its keys have opened, shown or not. */
  readonly opened: Bytes[] = [];
  /** When it is connected. */
  slot: number | undefined;
  /** When its channel wants to be called, by the room's time. */
  alarm = Infinity;
  /** Its own clock is ahead of the room's by so much, ms. */
  offset = 0;
  /** Not run: what comes waits. */
  asleep = false;
  /** How long things take to the relay, and from there, ms. */
  latency = (): number => 0;
  readonly inbox = new Way<Said>();
  readonly outbox = new Way<Bytes>();
  /** What the application does when it is told. */
  onSecured: () => void = () => undefined;
  onJoined: (client_id: string) => void = () => undefined;
  onLeft: (client_id: string) => void = () => undefined;
  onStanding: (standing: Standing) => void = () => undefined;
  #channel: SealedChannel | undefined;

  constructor(client_id: string, seed: number) {
    this.client_id = client_id;
    this.seed = seed;
  }

  get channel(): SealedChannel {
    return this.#channel!;
  }
  set channel(channel: SealedChannel) {
    this.#channel = channel;
  }

  /** Keeps what its channel tells. `alarm` is in the time of the channel's clock. */
  events(room: Pick<ChannelEvents, 'send' | 'alarm'>): ChannelEvents {
    return {
      ...room,
      secured: (welcome) => {
        this.secured.push(welcome);
        this.members.clear();
        for (const { client_id } of welcome.clients) this.members.add(client_id);
        this.onSecured();
      },
      joined: ({ client_id }) => {
        this.joined.push(client_id);
        if (this.members.has(client_id)) this.twice.push(client_id);
        this.members.add(client_id);
        this.onJoined(client_id);
      },
      left: ({ client_id, reason }) => {
        this.left.push({ client_id, reason });
        this.members.delete(client_id);
        this.onLeft(client_id);
      },
      frame: (frame) => this.frames.push(frame),
      standing: (standing) => {
        this.standing = standing;
        this.onStanding(standing);
      },
      trouble: (trouble) => this.troubles.push(trouble),
      move: (move) => this.moves.push(move),
    };
  }

  /** Texts of class MSG that were shown, each with its sender. */
  get texts(): string[] {
    return this.frames
      .filter((frame) => frame.class === FRAME_CLASS.MSG)
      .map(({ from, payload }) => `${from}: ${decoder.decode(payload)}`);
  }

  /** Reports of frames that could not be opened, as `sender: reason`. */
  get refusals(): string[] {
    return this.troubles.flatMap((trouble) =>
      trouble.kind === 'unreadable' ? [`${trouble.from}: ${trouble.reason}`] : [],
    );
  }

  /** Whether its keys have opened anything with this in it. */
  hasOpened(text: string): boolean {
    return this.opened.some((plaintext) => decoder.decode(plaintext).includes(text));
  }

  say(text: string, to?: string): void {
    this.send(FRAME_CLASS.MSG, encoder.encode(text), to);
  }

  pose(text: string, to?: string): void {
    this.send(FRAME_CLASS.POSE, encoder.encode(text), to);
  }

  send(frame_class: FrameClass, payload: Uint8Array, to?: string): void {
    const fields = { stream: 0, layer: 0, droppable: false, keyframe: false };
    this.channel.send({ ...fields, class: frame_class, payload, to });
  }
}

/** What poses were shown, as texts with their senders. */
export function posesOf({ frames }: Resident): string[] {
  return frames
    .filter((frame) => frame.class === FRAME_CLASS.POSE)
    .map(({ from, payload }) => `${from}: ${decoder.decode(payload)}`);
}
