/** What the SDK and a relay say to each other about receivers that cannot keep up, in rooms of both kinds. */
import { describe, expect, it } from 'vitest';
import type { CongestionLevel } from '../../../shared/protocol/control.ts';
import { FRAME_CLASS, readHeader } from '../../../shared/protocol/frame.ts';
import type { RelayPeer } from '../../support/relay-double.ts';
import { allAcknowledged } from './acknowledged.ts';
import {
  create,
  createSealed,
  inbox,
  isClosed,
  isLive,
  join,
  joinSealed,
  startRelay,
  startRouter,
} from './setup.ts';

const KINDS = ['sealed', 'unencrypted'] as const;

/** Ann, who made the room, and Bob. */
async function annAndBob(kind: (typeof KINDS)[number]) {
  const relay = await startRelay();
  const { url: router } = await startRouter(relay.url);
  const enter = async () => {
    if (kind === 'unencrypted') {
      const ann = await create({ router });
      return { ann, joined: inbox(ann, 'joined'), bob: await join({ router, room_id: ann.room_id }) };
    }
    const ann = await createSealed({ router });
    return { ann, joined: inbox(ann, 'joined'), bob: await joinSealed(ann.link, { router }) };
  };
  const { ann, joined, bob } = await enter();
  const peers = { ann: await relay.connections.next(), bob: await relay.connections.next() };
  await joined.next();
  return { relay, ann, bob, peers };
}

const congested = (peer: RelayPeer, level: CongestionLevel, receivers: number): void =>
  peer.tell({ type: 'congested', level, receivers });

describe.each(KINDS)('a room that is %s', (kind) => {
  it('tells what the relay says, and of others only who are here', async () => {
    const { ann, bob, peers } = await annAndBob(kind);
    const [keyframes, congestion, dropped] = [
      inbox(ann, 'keyframe'),
      inbox(ann, 'congested'),
      inbox(ann, 'dropped'),
    ];
    peers.ann.tell({ type: 'need_keyframe', stream: 31 });
    congested(peers.ann, 2, 3);
    congested(peers.ann, 2, 3);
    congested(peers.ann, 0, 0);
    const left_out = { class: 'pose', stream: 1, count: 5 } as const;
    peers.ann.tell({
      type: 'dropped',
      frames: [
        { ...left_out, slot: 900 },
        { ...left_out, slot: peers.ann.slot },
        { ...left_out, slot: peers.bob.slot },
        { ...left_out, slot: peers.bob.slot, class: 'video', stream: 2 },
      ],
    });
    expect(await keyframes.next()).toEqual({ stream: 31 });
    expect([await congestion.next(), await congestion.next()]).toEqual([
      { level: 2, receivers: 3 },
      { level: 0, receivers: 0 },
    ]);
    const from = bob.client_id;
    expect([await dropped.next(), await dropped.next()]).toEqual([
      { from, class: FRAME_CLASS.POSE, stream: 1, count: 5 },
      { from, class: FRAME_CLASS.VIDEO, stream: 2, count: 5 },
    ]);
  });

  it('goes on without what is malformed', async () => {
    const { ann, peers } = await annAndBob(kind);
    const errors = inbox(ann, 'error');
    const keyframes = inbox(ann, 'keyframe');
    for (const odd of [
      { type: 'need_keyframe', stream: 32 },
      { type: 'congested', level: 9, receivers: 1 },
      { type: 'dropped', frames: [{ slot: peers.bob.slot, class: 'msg', stream: 0, count: 1 }] },
    ]) {
      peers.ann.tell(odd);
      expect((await errors.next()).error).toMatchObject({
        code: 'protocol',
        message: `The relay sent a malformed "${odd.type}" message`,
      });
    }
    peers.ann.tell({ type: 'need_keyframe', stream: 0 });
    expect(await keyframes.next()).toEqual({ stream: 0 });
    expect(ann.state.status).toBe('live');
  });

  it('begins each connection without congestion, and takes what its relay says', async () => {
    const { relay, ann, peers } = await annAndBob(kind);
    const states = inbox(ann, 'state');
    const congestion = inbox(ann, 'congested');
    congested(peers.ann, 3, 2);
    expect(await congestion.next()).toEqual({ level: 3, receivers: 2 });
    peers.ann.socket.terminate();
    // Before keys are agreed on anew in a sealed room.
    congested(await relay.connections.next(), 1, 1);
    await states.nextThat(isLive);
    expect(await congestion.next()).toEqual({ level: 0, receivers: 0 });
    expect(await congestion.next()).toEqual({ level: 1, receivers: 1 });
  });

  it('that a listener leaves tells nothing more', async () => {
    const { ann, peers } = await annAndBob(kind);
    const dropped = inbox(ann, 'dropped');
    const states = inbox(ann, 'state');
    ann.on('dropped', () => void ann.leave());
    const left_out = { slot: peers.bob.slot, class: 'video', stream: 0, count: 1 } as const;
    peers.ann.tell({ type: 'dropped', frames: [left_out, { ...left_out, stream: 1 }] });
    expect(await dropped.next()).toMatchObject({ stream: 0 });
    await states.nextThat(isClosed);
    await peers.ann.closed;
    dropped.end('no more');
    await expect(dropped.next()).rejects.toThrow('no more');
  });

  it('[R14] lets the relay leave out poses, video and audio, but no message', async () => {
    const { ann, bob, peers } = await annAndBob(kind);
    const frames = inbox(bob, 'frame');
    const { CTRL, MSG, POSE, VIDEO, AUDIO } = FRAME_CLASS;
    const expected = [
      { class: POSE, droppable: true },
      { class: VIDEO, droppable: true },
      { class: AUDIO, droppable: true },
      { class: POSE, droppable: false },
      { class: MSG, droppable: false },
    ].map((header, stream) => ({ ...header, stream, layer: 1 }));
    const [pose, video, audio, rest, message] = expected.map(({ stream, layer }) => ({ stream, layer }));
    ann.send(POSE, new Uint8Array(8), pose);
    ann.send(VIDEO, new Uint8Array(8), video);
    ann.send(AUDIO, new Uint8Array(8), audio);
    ann.send(POSE, new Uint8Array(8), { ...rest, droppable: false });
    ann.send(MSG, new Uint8Array(8), { ...message, droppable: true });
    // Classes are sealed apart, so they may overtake each other.
    const shown = [];
    const relayed = [];
    while (shown.length < expected.length) shown.push(await frames.next());
    while (relayed.length < expected.length) {
      relayed.push(readHeader(await peers.ann.frames.nextThat((frame) => readHeader(frame).class !== CTRL)));
    }
    const inOrder = (headers: { stream: number }[]) => headers.toSorted((a, b) => a.stream - b.stream);
    expect(inOrder(relayed)).toMatchObject(expected);
    // Bytes 0 and 1 are authenticated in a sealed room: what the relay reads there is what the receiver is shown.
    expect(inOrder(shown)).toMatchObject(expected);
  });

  it('[R19] acknowledges each message of a connection, text and binary, from 0 again on the next', async () => {
    const { relay, ann, bob, peers } = await annAndBob(kind);
    const states = inbox(ann, 'state');
    const messages = inbox(ann, 'message');
    const talk = async (peer: RelayPeer): Promise<void> => {
      for (let n = 0; n < 20; n++) bob.send(FRAME_CLASS.POSE, new Uint8Array(n));
      bob.sendText('a message');
      peer.tell({ type: 'alive' });
      peer.tell({ type: 'from_the_future' });
      peer.socket.send('malformed');
      peer.socket.send(Buffer.alloc(3));
      await messages.next();
    };
    await talk(peers.ann);
    expect(await allAcknowledged(peers.ann)).toBeGreaterThan(25);
    peers.ann.socket.terminate();
    await states.nextThat(isLive);
    const peer = await relay.connections.next();
    await talk(peer);
    expect(await allAcknowledged(peer)).toBeGreaterThan(5);
  });
});
