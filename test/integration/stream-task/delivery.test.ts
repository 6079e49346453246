import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrame, FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import { PROTOCOLS, type Protocol } from '../../../shared/protocol/subprotocol.ts';
import { fill, LANES, startLane } from '../../support/lanes.ts';
import { seededRandom } from '../../support/random.ts';
import type { Peer, TestRelay } from '../../support/relay.ts';

const MAX_FRAME_BYTES = 65_536;

/** Message `n` of a sender: who and which it is, then bytes that follow from that. */
function payloadOf(sender: number, n: number, length: number): Buffer {
  const payload = Buffer.alloc(Math.max(length, 8), `${sender}, ${n}; `);
  payload.writeUInt32BE(sender);
  payload.writeUInt32BE(n, 4);
  return payload;
}

interface Sent {
  data: Buffer;
  binary: boolean;
}

describe.each(LANES)('on the lane %s', (lane) => {
  let relay: TestRelay;
  beforeEach(async () => {
    // No receiver is too slow here: each gets everything in the end.
    relay = await startLane(lane, { SEND_BUDGET: 1_000_000_000, MAX_FRAME_BYTES });
  });
  afterEach(() => relay[Symbol.asyncDispose]());

  /** What sender `who` says: of all sizes, texts among them where they are the clients' own. */
  function messages(protocol: Protocol, who: number, peer: Peer, count: number): Sent[] {
    const random = seededRandom(who * 1_000 + count);
    return Array.from({ length: count }, (_, n) => {
      const length = random.fraction() < 0.7 ? random.integer(300) : random.integer(MAX_FRAME_BYTES - 20);
      const payload = payloadOf(who, n, length);
      if (protocol === 'anteroom.v1') {
        const header = { class: FRAME_CLASS.MSG, droppable: false, keyframe: false, e2e: false } as const;
        const places = { layer: 0, stream: 0, source: peer.slot, destination: TO_ALL };
        return { data: Buffer.from(encodeFrame({ ...header, ...places }, payload)), binary: true };
      }
      const binary = random.fraction() < 0.7;
      return { data: binary ? payload : Buffer.from(`${who} ${n} ${'é'.repeat(length >> 2)}`), binary };
    });
  }

  /** Sends it, now and then in fragments. */
  function send(peer: Peer, { data, binary }: Sent, n: number): void {
    if (n % 4 !== 3) return peer.ws.send(data, { binary });
    const cut = data.length >> 1;
    peer.ws.send(data.subarray(0, cut), { binary, fin: false });
    peer.ws.send(data.subarray(cut), { binary, fin: true });
  }

  const digest = ({ data, binary }: Sent): string =>
    `${binary ? 'binary' : 'text'} ${data.length} ${createHash('sha1').update(data).digest('base64')}`;

  it.each(
    PROTOCOLS.flatMap((protocol) =>
      [
        [2, 60],
        [3, 40],
        [10, 12],
      ].map(([members, count]) => [protocol, members!, count!] as const),
    ),
  )(
    '[R12, R17, R43] %s: each of %d gets all of the others, once and in order',
    async (protocol, members, count) => {
      const { peers } = await fill(relay, members, protocol);
      const sent = peers.map((peer, who) => messages(protocol, who, peer, count));
      // Some do not read for a while: kernels fill up, and what is written then waits.
      const stalled = peers.filter((_, who) => who % 3 === 1);
      for (const peer of stalled) peer.ws.pause();
      for (let n = 0; n < count; n++) {
        for (const [who, peer] of peers.entries()) send(peer, sent[who]![n]!, n);
        if (n % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const heard = peers.map(async (peer, who) => {
        const all = sent.flatMap((by, sender) => (sender === who ? [] : by.map(digest)));
        const of = new Map(sent.flatMap((by, sender) => by.map((one) => [digest(one), sender] as const)));
        const got: string[] = [];
        while (got.length < all.length) got.push(digest(await peer.next()));
        return peers.map((_, sender) => got.filter((one) => of.get(one) === sender));
      });
      for (const peer of stalled) peer.ws.resume();
      for (const [who, by_sender] of (await Promise.all(heard)).entries()) {
        const expected = sent.map((by, sender) => (sender === who ? [] : by.map(digest)));
        expect(by_sender).toEqual(expected);
      }
      expect(relay.relay.counts.closes).toEqual(new Map());
    },
  );

  it('gives a receiver that stands still everything byte for byte once it reads on', async () => {
    const { peers } = await fill(relay, 4, 'anteroom.raw.v1');
    const [stalled, ...others] = peers as [Peer, Peer, Peer, Peer];
    stalled.ws.pause();
    const count = 200;
    const hash = others.map(() => createHash('sha1'));
    for (let n = 0; n < count; n++) {
      for (const [who, peer] of others.entries()) {
        const data = payloadOf(who, n, 40_000);
        hash[who]!.update(data);
        peer.send(data);
      }
      // The others are in step, so that the logs of many turns are written while older ones still wait.
      for (const peer of others) for (let from = 1; from < others.length; from++) await peer.next();
    }
    stalled.ws.resume();
    const heard = others.map(() => createHash('sha1'));
    for (let n = 0; n < count * others.length; n++) {
      const { data } = await stalled.next();
      heard[data.readUInt32BE()]!.update(data);
    }
    expect(heard.map((one) => one.digest('hex'))).toEqual(hash.map((one) => one.digest('hex')));
  });
});
