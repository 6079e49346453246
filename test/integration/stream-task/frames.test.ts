import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeFrame,
  FRAME_CLASS,
  MAX_SLOT,
  TO_ALL,
  TO_RELAY,
  type FrameClass,
  type FrameHeader,
} from '../../../shared/protocol/frame.ts';
import { eventually } from '../../support/inbox.ts';
import { startTestRelay, type Peer } from '../../support/relay.ts';

function frame(
  source: number,
  destination: number,
  payload: Uint8Array = randomBytes(20),
  header: Partial<FrameHeader> = {},
) {
  return encodeFrame(
    {
      class: FRAME_CLASS.MSG,
      droppable: false,
      keyframe: false,
      e2e: false,
      layer: 0,
      stream: 0,
      source,
      destination,
      ...header,
    },
    payload,
  );
}

type Three = [Peer, Peer, Peer];

describe('frames of anteroom.v1', () => {
  it('[R17] forwards the very bytes of every class, flag, layer and stream to all others', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(3);
    const [a, b, c] = peers as Three;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          class: fc.constantFrom<FrameClass>(...Object.values(FRAME_CLASS)),
          droppable: fc.boolean(),
          keyframe: fc.boolean(),
          e2e: fc.boolean(),
          layer: fc.integer({ min: 0, max: 7 }),
          stream: fc.integer({ min: 0, max: 31 }),
        }),
        fc.uint8Array({ maxLength: 300 }),
        async (header, payload) => {
          const bytes = frame(a.slot, TO_ALL, payload, header);
          a.send(bytes);
          for (const other of [b, c]) {
            const { data, binary } = await other.next();
            expect(binary).toBe(true);
            expect(data.equals(bytes)).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('[R18] sends a frame for one slot to that client alone', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(3);
    const [a, b, c] = peers as Three;
    const secret = frame(a.slot, b.slot);
    const all = frame(a.slot, TO_ALL);
    a.send(secret);
    a.send(all);
    expect((await b.next()).data.equals(secret)).toBe(true);
    expect((await b.next()).data.equals(all)).toBe(true);
    expect((await c.next()).data.equals(all)).toBe(true);
  });

  it('[R18] drops a frame for a slot that nobody holds, or for the sender itself, and counts it', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(2);
    const [a, b] = peers as [Peer, Peer];
    a.send(frame(a.slot, MAX_SLOT));
    a.send(frame(a.slot, a.slot));
    const marker = frame(a.slot, TO_ALL);
    a.send(marker);
    expect((await b.next()).data.equals(marker)).toBe(true);
    expect(relay.relay.counts.frames_unroutable).toBe(2);
    const back = frame(b.slot, a.slot);
    b.send(back);
    expect((await a.next()).data.equals(back)).toBe(true);
  });

  it('[R19] accepts frames to the relay itself and forwards them to nobody', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(2);
    const [a, b] = peers as [Peer, Peer];
    a.send(frame(a.slot, TO_RELAY, new Uint8Array([0, 0, 0, 9]), { class: FRAME_CLASS.CTRL }));
    const marker = frame(a.slot, TO_ALL);
    a.send(marker);
    expect((await b.next()).data.equals(marker)).toBe(true);
    expect(relay.relay.counts.frames_to_relay).toBe(1);
    expect(a.open).toBe(true);
  });

  it('[R16] closes 4400 on a foreign source slot, and nobody gets the frame', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(3);
    const [a, b, c] = peers as Three;
    a.send(frame(b.slot, TO_ALL));
    a.send(frame(b.slot, c.slot));
    a.send(frame(b.slot, TO_RELAY));
    expect(await a.closed).toEqual({ code: 4400, reason: 'frame: source' });
    for (const other of [b, c]) {
      expect(await other.control('left')).toMatchObject({ slot: a.slot, reason: 'resuming' });
    }
    expect(relay.relay.counts.frames_to_relay).toBe(0);
  });

  it.each([
    ['shorter than its header', Buffer.from([0x48, 0, 0, 0, 0]), 'frame: short'],
    ['empty', Buffer.alloc(0), 'frame: short'],
    ['of version 0', Buffer.from([0x08, 0, 0, 0, 0xff, 0xff]), 'frame: version'],
    ['of version 2', Buffer.from([0x88, 0, 0, 0, 0xff, 0xff]), 'frame: version'],
    ['of class 5', Buffer.from([0x68, 0, 0, 0, 0xff, 0xff]), 'frame: class'],
  ])('[R15] closes 4400 on a frame that is %s, and forwards it to nobody', async (_what, bytes, reason) => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(2);
    peers[0]!.send(bytes);
    expect(await peers[0]!.closed).toEqual({ code: 4400, reason });
    await peers[1]!.control('left');
  });

  it('[R15] forwards nothing that comes after the frame that ended the connection', async () => {
    await using relay = await startTestRelay();
    const { peers } = await relay.room(2);
    const [a, b] = peers as [Peer, Peer];
    // One write, so that the relay reads both at once.
    a.ws.send(Buffer.from([0]));
    a.ws.send(frame(a.slot, TO_ALL));
    expect((await a.closed).code).toBe(4400);
    await b.control('left');
    b.ws.close(1000);
    await b.closed;
    await expect(b.next()).rejects.toThrow('closed with 1000');
    await eventually(() => relay.relay.registry.clients === 0);
  });
});
