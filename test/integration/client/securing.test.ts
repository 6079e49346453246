/** What a room makes of what its sealed channel tells: the channel is the test's own, sockets are real. */
import { describe, expect, it } from 'vitest';
import { AnteroomError } from '../../../client/src/errors.ts';
import { inlineEngines } from '../../../client/src/engine/inline-engine.ts';
import { openNodeSocket } from '../../../client/src/node/platform.ts';
import { FRAME_CLASS, readHeader, TO_RELAY } from '../../../shared/protocol/frame.ts';
import type { Frame, Room, SealedRoom } from '../../../client/src/types.ts';
import type { Channel, ChannelEvents } from '../../../client/src/e2ee/channel.ts';
import type { Peer, Welcome } from '../../../shared/protocol/control.ts';
import { FakeChannel, idOf } from '../../support/engine-doubles.ts';
import { eventually } from '../../support/inbox.ts';
import { create, createSealed, inbox, isLive, startRelay, startRouter, taskAfterWelcome } from './setup.ts';

const ANN: Peer = { slot: 40, client_id: idOf(1) };
const BOB: Peer = { slot: 41, client_id: idOf(2) };
const NOBODY = { sealed: [], securing: [], unsealed: [], disagreeing: [] };

const message = (from: Peer, text: string): Frame => ({
  from: from.client_id,
  class: FRAME_CLASS.MSG,
  stream: 0,
  layer: 0,
  keyframe: false,
  droppable: false,
  unicast: false,
  payload: new TextEncoder().encode(text),
});

/** A room that is being created, with the channel that it will have. */
async function creating(options: { signal?: AbortSignal; refusal?: AnteroomError } = {}) {
  const relay = await startRelay();
  const router = await startRouter(relay.url);
  const channels: FakeChannel[] = [];
  const openChannel = (_: unknown, events: ChannelEvents): Promise<Channel> => {
    if (options.refusal !== undefined) return Promise.reject(options.refusal);
    channels.push(new FakeChannel(events));
    return Promise.resolve(channels[0]!);
  };
  const clock = (): number => performance.now();
  const { signal } = options;
  const room = createSealed({
    router: router.url,
    ...(signal && { signal }),
    platform: { openEngine: inlineEngines({ openSocket: openNodeSocket, openChannel, clock }) },
  });
  /** The latest welcome that the channel was given, with these clients. */
  const welcome = (...clients: Peer[]): Welcome => {
    const given = channels[0]!.calls.findLast(([name]) => name === 'welcome')![1] as Welcome;
    return { ...given, clients };
  };
  const welcomed = (count = 1) =>
    eventually(() => channels[0]?.called.filter((name) => name === 'welcome').length === count);
  return { relay, router, room, channel: () => channels[0]!, welcome, welcomed };
}

/** A live room with these others, all sealed. */
async function liveWith(...others: Peer[]) {
  const all = await creating();
  await all.welcomed();
  const channel = all.channel();
  channel.events.standing({ ...NOBODY, sealed: others.map(({ client_id }) => client_id) });
  channel.events.secured(all.welcome(...others));
  const room: SealedRoom = await all.room;
  await taskAfterWelcome();
  return { ...all, room, channel, peer: await all.relay.connections.next() };
}

describe('a room that is being secured', () => {
  it('is handed over when it is live, and then tells what came meanwhile', async () => {
    const { room, channel, welcome, welcomed } = await creating();
    await welcomed();
    let here: Room | undefined;
    void room.then((live) => {
      here = live;
    });
    const { events } = channel();
    events.frame(message(ANN, 'early'));
    await taskAfterWelcome();
    expect(here).toBeUndefined();
    events.standing({ ...NOBODY, sealed: [ANN.client_id] });
    events.secured(welcome(ANN));
    events.frame(message(ANN, 'right behind'));
    const live = await room;
    const messages = inbox(live, 'message');
    expect(live.state).toEqual({ status: 'live' });
    expect(live.members).toEqual([{ client_id: ANN.client_id, sealed: true }]);
    expect([(await messages.next()).text(), (await messages.next()).text()]).toEqual([
      'early',
      'right behind',
    ]);
  });

  it('can be given up, and is left then', async () => {
    const controller = new AbortController();
    const { relay, room, welcomed, channel } = await creating({ signal: controller.signal });
    await welcomed();
    controller.abort();
    await expect(room).rejects.toMatchObject({ code: 'aborted' });
    const peer = await relay.connections.next();
    expect(await peer.controls.next()).toEqual({ type: 'leave' });
    expect(await peer.closed).toBe(1000);
    await eventually(() => channel().called.at(-1) === 'close');
    expect(channel().called).toEqual(['welcome', 'bye', 'disconnected', 'close']);
  });

  it('is refused where there is no encryption to be had', async () => {
    const refusal = new AnteroomError('not_secure', 'no WebCrypto');
    await expect((await creating({ refusal })).room).rejects.toBe(refusal);
  });

  it('after a break takes messages but nothing else, and hears members meanwhile', async () => {
    const { room, channel, peer, welcome, welcomed } = await liveWith(ANN);
    const states = inbox(room, 'state');
    const messages = inbox(room, 'message');
    const joined = inbox(room, 'joined');
    peer.socket.close(4503, 'draining');
    await welcomed(2);
    expect(await states.nextThat(({ status }) => status !== 'reconnecting')).toEqual({ status: 'securing' });
    channel.events.standing({ ...NOBODY, securing: [ANN.client_id, BOB.client_id] });
    expect(room.send(FRAME_CLASS.POSE, new Uint8Array(1))).toBe(false);
    expect(room.sendText('to all')).toBe(true);
    expect(room.sendText('to ann', { to: ANN.client_id })).toBe(true);
    expect(room.sendText('to bob', { to: BOB.client_id })).toBe(false);
    const sent = channel.calls.filter(([name]) => name === 'send');
    expect(sent.map(([, frame]) => (frame as { to?: string }).to)).toEqual([undefined, ANN.client_id]);
    channel.events.frame(message(BOB, 'by somebody new'));
    channel.events.frame(message(ANN, 'by a member'));
    expect((await messages.next()).text()).toBe('by a member');
    channel.events.secured(welcome(ANN, BOB));
    await states.nextThat(isLive);
    expect(await joined.next()).toEqual({ client_id: BOB.client_id, sealed: false });
    expect((await messages.next()).text()).toBe('by somebody new');
  });
});

describe('a sealed room', () => {
  it('shows how it stands with the others, each time that it changes', async () => {
    const { room, channel } = await liveWith(ANN);
    const security = inbox(room, 'security');
    expect(room.security).toEqual({ ...NOBODY, status: 'sealed', sealed: [ANN.client_id] });
    const unsealed = { ...NOBODY, sealed: [ANN.client_id], unsealed: [BOB.client_id] };
    channel.events.standing({ ...NOBODY, sealed: [ANN.client_id] });
    channel.events.standing(unsealed);
    channel.events.joined({ type: 'joined', ...BOB });
    expect(await security.next()).toEqual({ ...unsealed, status: 'partly_sealed' });
    expect(room.members).toEqual([
      { client_id: ANN.client_id, sealed: true },
      { client_id: BOB.client_id, sealed: false },
    ]);
    expect(room.sendText('x', { to: BOB.client_id })).toBe(false);
    expect(room.sendText('x', { to: ANN.client_id })).toBe(true);
    channel.events.standing({ ...NOBODY, sealed: [ANN.client_id, BOB.client_id] });
    expect(await security.next()).toMatchObject({ status: 'sealed' });
    expect(room.members.every(({ sealed }) => sealed)).toBe(true);
    expect(room.send(FRAME_CLASS.POSE, new Uint8Array(1), { to: BOB.client_id })).toBe(true);
  });

  it('keeps what it shows while its connection is broken', async () => {
    const { room, channel, peer } = await liveWith(ANN);
    const states = inbox(room, 'state');
    peer.socket.terminate();
    await states.nextThat(({ status }) => status === 'reconnecting');
    expect(room.security).toMatchObject({ status: 'sealed', sealed: [ANN.client_id] });
    expect(room.members).toEqual([{ client_id: ANN.client_id, sealed: true }]);
    expect(room.sendText('nobody is there')).toBe(false);
    expect(channel.called).not.toContain('send');
  });

  it('tells as errors what its channel could not do, and passes an invitation on as a link', async () => {
    const { room, channel } = await liveWith(ANN);
    const errors = inbox(room, 'error');
    const moves = inbox(room, 'move');
    const from = ANN.client_id;
    channel.events.trouble({ kind: 'unreadable', from, reason: 'signature', count: 2 });
    channel.events.trouble({ kind: 'not_sent', to: from, why: 'it is away' });
    const secret = new Uint8Array(32).fill(255);
    channel.events.move({ from, room_id: '00158', secret });
    expect(await errors.next()).toMatchObject({
      error: { code: 'unreadable' },
      from,
      reason: 'signature',
      count: 2,
    });
    expect(await errors.next()).toMatchObject({ error: { code: 'not_sent' }, to: from });
    const link = `${new URL(room.link).origin}/r/00158#${'_'.repeat(42)}8`;
    expect(await moves.next()).toEqual({ from, room_id: '00158', link });
    expect(secret).toEqual(new Uint8Array(32));
  });
});

describe('acknowledgements', () => {
  const ackOf = (frame: Buffer) => {
    const { destination, source, class: frame_class } = readHeader(frame);
    return { destination, source, frame_class, received: frame.readUInt32BE(6), length: frame.length };
  };

  it('tell the relay how many messages came, in rooms of both kinds', async () => {
    const sealed = await liveWith();
    const relay = await startRelay();
    const plain = await create({ router: (await startRouter(relay.url)).url });
    for (const { peer } of [sealed, { room: plain, peer: await relay.connections.next() }]) {
      const first = ackOf(await peer.acks.next());
      expect(first).toEqual({
        destination: TO_RELAY,
        source: peer.slot,
        frame_class: FRAME_CLASS.CTRL,
        received: 1,
        length: 10,
      });
      for (let n = 0; n < 3; n++) peer.tell({ type: 'alive' });
      let received = 1;
      while (received < 4) {
        const next = ackOf(await peer.acks.next()).received;
        expect(next).toBeGreaterThan(received);
        received = next;
      }
      expect(received).toBe(4);
    }
  });
});
