import { describe, expect, it, vi } from 'vitest';
import { encodeFrame, FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { FrameHeader } from '../../../shared/protocol/frame.ts';
import { openNodeSocket } from '../../../client/src/node/platform.ts';
import { RELAY_LIMITS } from '../../support/relay-double.ts';
import type { RelayPeer } from '../../support/relay-double.ts';
import { create, inbox, join, startRelay, startRouter } from './setup.ts';

const STRANGER = '00000000-0000-4000-8000-000000000000';

/** A room with Ann, who created it, and Bob. */
async function annAndBob() {
  const relay = await startRelay();
  const router = await startRouter(relay.url);
  const ann = await create({ router: router.url, max_clients: 4 });
  const joined = inbox(ann, 'joined');
  const bob = await join({ router: router.url, room_id: ann.room_id });
  const peers = { ann: await relay.connections.next(), bob: await relay.connections.next() };
  await joined.next();
  return { relay, router, ann, bob, peers };
}

const frameFrom = (peer: RelayPeer, header: Partial<FrameHeader> = {}) =>
  encodeFrame(
    {
      class: FRAME_CLASS.MSG,
      droppable: false,
      keyframe: false,
      e2e: false,
      layer: 0,
      stream: 0,
      source: peer.slot,
      destination: TO_ALL,
      ...header,
    },
    Buffer.from('raw'),
  );

describe('a room', () => {
  it('is entered live, with a seat, limits and members', async () => {
    const { router, ann, bob, peers } = await annAndBob();
    expect(await router.requests.next()).toMatchObject({ path: '/create-room', body: { max_clients: 4 } });
    expect(await router.requests.next()).toMatchObject({ path: '/join-room', body: { room_id: '00157' } });
    expect(ann.state).toEqual({ status: 'live' });
    expect(ann).toMatchObject({ room_id: '00157', max_clients: 10, limits: RELAY_LIMITS, bufferedAmount: 0 });
    expect(ann.seat).toEqual(peers.ann.credentials);
    expect(ann.members).toEqual([{ client_id: bob.client_id, sealed: false }]);
    expect(bob.members).toEqual([{ client_id: ann.client_id, sealed: false }]);
  });

  it('carries frames to all and to one, and text', async () => {
    const { router, ann, bob } = await annAndBob();
    const joined = inbox(ann, 'joined');
    const cat = await join({ router: router.url, room_id: ann.room_id });
    await joined.next();
    const toBob = inbox(bob, 'frame');
    const toCat = inbox(cat, 'frame');
    const texts = inbox(cat, 'message');
    const payload = Uint8Array.of(1, 2, 3);
    const options = { stream: 5, layer: 2, droppable: true, keyframe: true };
    expect(ann.send(FRAME_CLASS.VIDEO, payload, options)).toBe(true);
    expect(ann.send(FRAME_CLASS.POSE, payload, { to: cat.client_id })).toBe(true);
    expect(ann.sendText('grüß dich', { to: cat.client_id })).toBe(true);
    expect(ann.sendText('all')).toBe(true);
    const video = { from: ann.client_id, class: FRAME_CLASS.VIDEO, ...options, unicast: false, payload };
    expect(await toBob.next()).toEqual(video);
    expect(await toCat.next()).toEqual(video);
    expect(await toCat.next()).toMatchObject({ class: FRAME_CLASS.POSE, unicast: true, payload });
    const message = await texts.next();
    expect(message).toMatchObject({ from: ann.client_id, unicast: true });
    expect(message.text()).toBe('grüß dich');
    expect((await texts.next()).text()).toBe('all');
    // The next that Bob gets is the one to all: nothing of what went to Cat alone.
    expect(await toBob.next()).toMatchObject({ class: FRAME_CLASS.MSG, unicast: false });
  });

  it('delivers what comes right behind the welcome', async () => {
    const relay = await startRelay({
      onConnect(peer, relay) {
        relay.welcome(peer);
        peer.tell({ type: 'joined', slot: 900, client_id: STRANGER } as { type: string });
        for (let i = 0; i < 3; i++) peer.socket.send(frameFrom(peer, { source: 900, stream: i }));
      },
    });
    const router = await startRouter(relay.url);
    const room = await create({ router: router.url });
    const frames = inbox(room, 'frame');
    const joined = inbox(room, 'joined');
    expect(await joined.next()).toEqual({ client_id: STRANGER, sealed: false });
    expect([await frames.next(), await frames.next(), await frames.next()]).toMatchObject([
      { stream: 0 },
      { stream: 1 },
      { stream: 2 },
    ]);
  });

  it('tells who leaves, and whether for good', async () => {
    const { ann, bob, peers } = await annAndBob();
    const left = inbox(ann, 'left');
    const joined = inbox(ann, 'joined');
    peers.bob.socket.terminate();
    expect(await left.next()).toEqual({ client_id: bob.client_id, gone: false });
    expect(await joined.next()).toEqual({ client_id: bob.client_id, sealed: false });
    await bob.leave();
    expect(await left.next()).toEqual({ client_id: bob.client_id, gone: true });
    expect(ann.members).toEqual([]);
  });

  it('sends nothing to strangers, and nothing that the relay would refuse', async () => {
    const { ann, bob, peers } = await annAndBob();
    expect(ann.send(FRAME_CLASS.MSG, new Uint8Array(1), { to: STRANGER })).toBe(false);
    expect(ann.send(FRAME_CLASS.MSG, new Uint8Array(1), { to: ann.client_id })).toBe(false);
    expect(() => ann.send(FRAME_CLASS.MSG, new Uint8Array(1_019))).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringContaining('max_frame_bytes'),
      }),
    );
    expect(() => ann.send(FRAME_CLASS.MSG, new Uint8Array(1), { stream: 32 })).toThrow(/stream/);
    expect(ann.send(FRAME_CLASS.MSG, new Uint8Array(1_018), { to: bob.client_id })).toBe(true);
    expect(await peers.ann.frames.next()).toHaveLength(1_024);
  });

  it('ignores control messages of a newer relay', async () => {
    const { ann, bob, peers } = await annAndBob();
    const errors = inbox(ann, 'error');
    const messages = inbox(ann, 'message');
    for (const type of ['weather', 'alive', 'draining']) peers.ann.tell({ type });
    peers.ann.socket.send('nonsense');
    bob.sendText('still there');
    expect((await messages.next()).text()).toBe('still there');
    expect((await errors.next()).error).toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('no control message'),
    });
    expect(ann.state.status).toBe('live');
  });

  it('drops malformed frames with an error that names the sender where there is one', async () => {
    const { ann, bob, peers } = await annAndBob();
    const errors = inbox(ann, 'error');
    const frames = inbox(ann, 'frame');
    peers.ann.socket.send(Buffer.alloc(3));
    peers.ann.socket.send(frameFrom(peers.bob, { source: 999 }));
    peers.ann.socket.send(frameFrom(peers.bob, { e2e: true }));
    bob.sendText('well formed');
    const [short, nobody, sealed] = [await errors.next(), await errors.next(), await errors.next()];
    expect(short).toEqual({ error: expect.objectContaining({ code: 'protocol' }) });
    expect(nobody).toEqual({
      error: expect.objectContaining({ message: expect.stringContaining('slot 999') }),
    });
    expect(sealed).toEqual({ error: expect.objectContaining({ code: 'protocol' }), from: bob.client_id });
    expect(await frames.next()).toMatchObject({ from: bob.client_id, class: FRAME_CLASS.MSG });
    expect(ann.state.status).toBe('live');
  });

  it('leaves for good: the relay is told, nothing is sent any more, a second time does nothing', async () => {
    const { ann, bob, peers } = await annAndBob();
    const states = inbox(ann, 'state');
    const first = ann.leave();
    const second = ann.leave();
    expect(ann.state).toEqual({ status: 'closed', reason: { kind: 'left' } });
    expect(ann.sendText('too late')).toBe(false);
    await Promise.all([first, second]);
    expect(await peers.ann.controls.next()).toEqual({ type: 'leave' });
    expect(await peers.ann.closed).toBe(1000);
    expect(await states.next()).toEqual(ann.state);
    await bob.leave();
    expect(ann.members).toEqual([{ client_id: bob.client_id, sealed: false }]);
  });

  it('tells nothing that arrives after it was left', async () => {
    const { ann, bob, peers } = await annAndBob();
    const events = vi.fn<() => void>();
    for (const event of ['joined', 'frame', 'error'] as const) ann.on(event, events);
    peers.ann.tell({ type: 'joined', slot: 900, client_id: STRANGER } as { type: string });
    peers.ann.socket.send(frameFrom(peers.bob));
    peers.ann.socket.send('nonsense');
    await ann.leave();
    expect(events).not.toHaveBeenCalled();
    expect(ann.members).toEqual([{ client_id: bob.client_id, sealed: false }]);
  });

  it('tells no message of a frame whose listener left', async () => {
    const { ann, bob } = await annAndBob();
    const message = vi.fn<() => void>();
    ann.on('message', message);
    const left = new Promise<void>((resolve) => {
      ann.on('frame', () => void ann.leave().then(resolve));
    });
    bob.sendText('hello');
    await left;
    expect(message).not.toHaveBeenCalled();
  });

  it('does not wait for a relay that does not answer the close, but abandons it', async () => {
    const relay = await startRelay();
    const router = await startRouter(relay.url);
    const abandoned = vi.fn<() => void>();
    const room = await create({
      router: router.url,
      timings: { close_timeout_ms: 20 },
      openSocket(...socket) {
        const opened = openNodeSocket(...socket);
        const abandon = opened.abandon.bind(opened);
        return Object.assign(opened, {
          abandon() {
            abandoned();
            abandon();
          },
        });
      },
    });
    // Paused, it never reads the close frame.
    (await relay.connections.next()).socket.pause();
    await room.leave();
    expect(abandoned).toHaveBeenCalledTimes(1);
  });
});
