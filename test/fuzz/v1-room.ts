/** A room of `anteroom.v1` with witnesses: what reaches them of the frames that an attacker sends. */
import fc from 'fast-check';
import { CLOSE } from '../../shared/protocol/close-codes.ts';
import { frameOf } from '../support/canary.ts';
import { Peer, type TestClient } from '../support/relay.ts';
import { sourceOf } from '../../shared/protocol/frame.ts';
import { credentialsToken } from '../../shared/protocol/subprotocol.ts';
import { startUnderFire, type UnderFire } from './relay-under-fire.ts';
import type { Target } from './target.ts';

interface Attacker {
  peer: Peer;
  client: TestClient;
}

export interface V1Room {
  /** Those who listen: their slots are 0 and 1. */
  witnesses: readonly [Peer, Peer];
  /** A slot that nobody has. */
  empty_slot: number;
  /** A new client of the room. */
  enter(): Promise<Attacker>;
  leave(attacker: Attacker): void;
  /** The binary messages that each witness got since it was asked last, those of the marker left out. */
  heard(): Promise<Buffer[][]>;
  clear(): void;
}

async function startV1Room(fire: UnderFire): Promise<V1Room> {
  const { relay } = fire;
  const { room_id, peers, clients } = await relay.room(3);
  const [first, second, marker] = [peers[0]!, peers[1]!, peers[2]!];
  const witnesses = [first, second] as const;
  let marks = 0;
  return {
    witnesses,
    empty_slot: 0xfffd,
    async enter() {
      const client = fire.seats(1, room_id).clients[0]!;
      const peer = await Peer.open(relay.url, ['anteroom.v1', credentialsToken({ room_id, ...client })]);
      await peer.welcomed();
      return { peer, client };
    },
    leave({ peer, client }) {
      peer.ws.terminate();
      fire.clear(room_id, [client]);
    },
    async heard() {
      const mark = frameOf(marker.slot, `mark ${marks++}`);
      marker.send(mark);
      return Promise.all(
        witnesses.map(async (witness) => {
          const frames: Buffer[] = [];
          for (;;) {
            const { data, binary } = await witness.next();
            if (data.equals(mark)) return frames;
            if (binary) frames.push(data);
          }
        }),
      );
    },
    clear: () => fire.clear(room_id, clients),
  };
}

/** With this code an attacker ends its connection, in case that the relay has not. */
const DONE = 4_999;

/** Ends the connection; rejects unless the relay had closed it with `wanted` by then (undefined: not at all). */
async function expectClosed({ peer }: Attacker, wanted: number | undefined): Promise<void> {
  peer.ws.close(DONE);
  const { code } = await peer.closed;
  if (code !== (wanted ?? DONE))
    throw new Error(`closed with ${code} in place of ${wanted ?? 'staying open'}`);
  for (;;) {
    const received = await peer.next().catch(() => undefined);
    if (received === undefined) return;
    if (received.binary && sourceOf(received.data) === peer.slot) {
      throw new Error('a frame came back to its sender');
    }
  }
}

export const { BAD_FRAME, TOO_LARGE } = CLOSE;

/** What must come of a case. */
interface Expected {
  /** With this code the relay closes the attacker's connection; undefined: not at all. */
  code: number | undefined;
  /** The binary messages that each witness gets. */
  heard: readonly [Buffer[], Buffer[]];
}

/** `send` sends one of `cases`, by an attacker who has just entered. */
export function attackTarget<T>(
  name: string,
  cases: fc.Arbitrary<T>,
  send: (one: T, attacker: Attacker, room: V1Room) => Expected,
): Target {
  return {
    name,
    async start() {
      const fire = await startUnderFire();
      const room = await startV1Room(fire);
      const property = fc.asyncProperty(cases, async (one) => {
        const attacker = await room.enter();
        try {
          const expected = send(one, attacker, room);
          await Promise.all([expectClosed(attacker, expected.code), fire.canary.chirp()]);
          for (const [n, heard] of (await room.heard()).entries()) {
            const wanted = expected.heard[n]!;
            if (heard.length !== wanted.length || heard.some((bytes, at) => !bytes.equals(wanted[at]!))) {
              throw new Error(
                `witness ${n} heard ${heard.length} frames in place of ${wanted.length}, or others`,
              );
            }
          }
        } finally {
          room.leave(attacker);
        }
      });
      return {
        property,
        async settled() {
          room.clear();
          await fire.settled();
        },
        stop: () => fire.stop(),
      };
    },
  };
}
