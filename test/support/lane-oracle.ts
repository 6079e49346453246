/** Two relays, one on each lane: what becomes of the same bytes on a real socket. */
import { CLOSE } from '../../shared/protocol/close-codes.ts';
import type { RelayConfig } from '../../stream-task/server.ts';
import { eventually } from './inbox.ts';
import { bareClient, frameBytes } from './raw-socket.ts';
import { newClient, seatOf, startTestRelay, type Peer, type TestRelay } from './relay.ts';
import { splitAt } from './wire-frames.ts';

const LANES = ['ws', 'fast'] as const;

/** Bytes to be sent, and where they are cut. */
export interface Sending {
  bytes: Uint8Array;
  cuts: readonly number[];
  /** The sender keeps its side of the connection open: the relay has a reason to end it. */
  stays?: boolean;
}

/** What became of it: in words, so that a difference can be read. */
export type Outcome = string[];

/** A raw room on one lane, where one member listens, one marks the end, and others come and send. */
class LaneRoom {
  readonly relay: TestRelay;
  readonly #room_id: string;
  readonly #listener: Peer;
  readonly #marker: Peer;
  #marks = 0;

  private constructor(relay: TestRelay, room_id: string, [listener, marker]: [Peer, Peer]) {
    this.relay = relay;
    this.#room_id = room_id;
    this.#listener = listener;
    this.#marker = marker;
  }

  static async start(config: Partial<RelayConfig>): Promise<LaneRoom> {
    const relay = await startTestRelay(
      { RESUME_GRACE: 1_000, ...config },
      // What should end at once must not end by the clock.
      { close_wait: 60_000 },
    );
    const { room_id, peers } = await relay.room(2, 'anteroom.raw.v1');
    return new LaneRoom(relay, room_id, peers as [Peer, Peer]);
  }

  /** Sends it as a new member and waits for the end of the connection. */
  async send({ bytes, cuts, stays = false }: Sending): Promise<Outcome> {
    const { relay } = this.relay;
    const client = newClient();
    const seat = { room_id: this.#room_id, created_at: 1, epoch: 1, max_clients: 100 };
    relay.registry.register({ ...seat, clients: [seatOf(client)] });
    const before = [relay.counts.messages_in, relay.counts.bytes_in];
    const closes = new Map(relay.counts.closes);
    const raw = await bareClient(this.relay.port, this.#room_id, client);
    try {
      await raw.writePieces(splitAt(bytes, cuts));
      if (!stays) raw.socket.end();
      await raw.over();
      await eventually(() => relay.registry.clients === 2);
    } finally {
      raw.destroy();
      const gone = [{ client_id: client.client_id, generation: Number.MAX_SAFE_INTEGER }];
      relay.registry.register({ ...seat, clients: [], gone });
    }
    const codes = [...relay.counts.closes].filter(([code, count]) => count !== closes.get(code));
    const counted = [relay.counts.messages_in - before[0]!, relay.counts.bytes_in - before[1]!];
    return [
      `the sender got ${frameBytes(raw).toString('hex') || 'nothing'}`,
      ...(await this.#heard()),
      `closed with ${codes.map(([code]) => code).join()}`,
      // A text that is not UTF-8 is not even a message to `ws`.
      ...(codes.some(([code]) => code === CLOSE.BAD_FRAME)
        ? []
        : [`${counted.join(' messages, bytes: ')} counted`]),
    ];
  }

  /** What the listener got since it was asked last. */
  async #heard(): Promise<string[]> {
    const mark = `the end of what was sent: ${this.#marks++}`;
    this.#marker.send(mark);
    const heard: string[] = [];
    for (;;) {
      const { data, binary } = await this.#listener.next();
      if (data.toString() === mark) return heard;
      heard.push(`the other member got ${binary ? 'binary' : 'text'} ${data.toString('hex')}`);
    }
  }
}

export interface LaneOracle extends AsyncDisposable {
  /** Sends the same on both lanes; throws, with the bytes and the cuts, if not the same becomes of it. */
  assertAgreed(sending: Sending): Promise<Outcome>;
  relays: TestRelay[];
}

/** Starts a relay on each lane; the fast one must work on this machine. */
export async function startLanes(config: Partial<RelayConfig> = {}): Promise<LaneOracle> {
  const rooms = await Promise.all(LANES.map((LANE) => LaneRoom.start({ ...config, LANE })));
  return {
    relays: rooms.map(({ relay }) => relay),
    async assertAgreed(sending) {
      const outcomes = await Promise.all(rooms.map((room) => room.send(sending)));
      const [by_ws, by_fast] = outcomes.map((outcome) => outcome.join('\n  '));
      if (by_ws === by_fast) return outcomes[0]!;
      throw new Error(
        `through ws:\n  ${by_ws}\non the fast lane:\n  ${by_fast}\n` +
          `bytes ${Buffer.from(sending.bytes).toString('hex')}\ncut at ${JSON.stringify(sending.cuts)}`,
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(rooms.map(({ relay }) => relay[Symbol.asyncDispose]()));
    },
  };
}
