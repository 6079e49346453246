import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { encodeFrame, FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { FrameHeader } from '../../../shared/protocol/frame.ts';
import { CLOSE } from '../../../shared/protocol/close-codes.ts';
import {
  afterFirst,
  create,
  inbox,
  isClosed,
  isLive,
  join,
  liveRoom,
  startRelay,
  startRouter,
  taskAfterWelcome,
} from './setup.ts';

/** Of a frame of the second client at the first relay. */
const HEADER: FrameHeader = {
  class: FRAME_CLASS.MSG,
  droppable: false,
  keyframe: false,
  e2e: false,
  layer: 0,
  stream: 0,
  source: 1,
  destination: TO_ALL,
};

describe('a broken connection', () => {
  it('is resumed at the router with the same id and ticket, at whatever address it names', async () => {
    const { router, room, peer, states } = await liveRoom();
    const elsewhere = await startRelay();
    router.relay_url = elsewhere.url;
    const { seat } = room;
    peer.socket.terminate();
    expect(await states.next()).toEqual({
      status: 'reconnecting',
      attempt: 1,
      retry_in_ms: 0,
      cause: 'The connection closed with 1006',
    });
    expect(room.sendText('not now')).toBe(false);
    expect(await states.next()).toEqual({ status: 'live' });
    expect(await router.requests.next()).toMatchObject({ path: '/join-room', body: seat });
    expect((await elsewhere.connections.next()).credentials).toEqual(seat);
    expect(room.seat).toEqual(seat);
    expect(room.sendText('again')).toBe(true);
  });

  it('speaks with the slots of the new connection', async () => {
    const { relay, router, room, peer, states } = await liveRoom();
    const bob = await join({ router: router.url, room_id: room.room_id });
    const texts = inbox(bob, 'message');
    await relay.connections.next();
    peer.socket.terminate();
    await states.nextThat(isLive);
    const back = await relay.connections.next();
    expect(back.slot).not.toBe(peer.slot);
    expect(room.sendText('it is me', { to: bob.client_id })).toBe(true);
    expect(await texts.next()).toMatchObject({ from: room.client_id });
  });

  it('hears no frame before the welcome, for until then no slot means anything', async () => {
    const frame = encodeFrame(HEADER, new Uint8Array(1));
    const { router, room, peer, states } = await liveRoom();
    await join({ router: router.url, room_id: room.room_id });
    const elsewhere = await startRelay({
      onConnect(newcomer, relay) {
        newcomer.socket.send(frame);
        relay.welcome(newcomer);
      },
    });
    router.relay_url = elsewhere.url;
    const heard = vi.fn<() => void>();
    room.on('frame', heard);
    room.on('error', heard);
    peer.socket.terminate();
    await states.nextThat(isLive);
    expect(heard).not.toHaveBeenCalled();
  });

  it('tells what changed among the members meanwhile, once it is live', async () => {
    const { relay, router, room, peer, states } = await liveRoom();
    const joined = inbox(room, 'joined');
    const left = inbox(room, 'left');
    const bob = await join({ router: router.url, room_id: room.room_id });
    const cat = await join({ router: router.url, room_id: room.room_id });
    const bobs_peer = await relay.connections.next();
    for (const member of [bob, cat])
      expect(await joined.next()).toEqual({ client_id: member.client_id, sealed: false });

    const elsewhere = await startRelay();
    router.relay_url = elsewhere.url;
    const dan = await join({ router: router.url, room_id: room.room_id });
    const back = inbox(bob, 'state');
    bobs_peer.socket.terminate();
    expect(await left.next()).toEqual({ client_id: bob.client_id, gone: false });
    await back.nextThat(isLive);

    const events: unknown[] = [];
    for (const event of ['joined', 'left', 'state'] as const) {
      room.on(event, (value) => events.push([event, 'status' in value ? value.status : value]));
    }
    peer.socket.terminate();
    await states.nextThat(isLive);
    await joined.next();
    await joined.next();
    expect(events).toEqual([
      ['state', 'reconnecting'],
      ['state', 'live'],
      ['left', { client_id: cat.client_id, gone: false }],
      ['joined', { client_id: dan.client_id, sealed: false }],
      ['joined', { client_id: bob.client_id, sealed: false }],
    ]);
    expect(room.members).toEqual([
      { client_id: dan.client_id, sealed: false },
      { client_id: bob.client_id, sealed: false },
    ]);
  });

  it('tells of a member that left for good meanwhile, once it has been away for long', async () => {
    const { relay, router, room, peer, states } = await liveRoom(
      { timings: { away_ms: 50 } },
      { resume_grace_ms: 20 },
    );
    const joined = inbox(room, 'joined');
    const left = inbox(room, 'left');
    const bob = await join({ router: router.url, room_id: room.room_id });
    await joined.next();
    await relay.connections.next();
    const elsewhere = await startRelay({ resume_grace_ms: 20 });
    router.relay_url = elsewhere.url;
    peer.socket.terminate();
    await states.nextThat(isLive);
    await bob.leave();
    expect(await left.next()).toEqual({ client_id: bob.client_id, gone: false });
    expect(await left.next()).toEqual({ client_id: bob.client_id, gone: true });
  });
});

describe('a close code of the relay', () => {
  it.each([
    [CLOSE.REPLACED, { kind: 'replaced', code: 4409 }],
    [CLOSE.ROOM_GONE, { kind: 'gone' }],
    [CLOSE.TOO_LARGE, { kind: 'refused', code: 4413, reason: 'why' }],
  ])('%i is final', async (code, reason) => {
    const { room, peer, states } = await liveRoom();
    peer.socket.close(code, 'why');
    expect(await states.next()).toEqual({ status: 'closed', reason });
    expect(room.sendText('x')).toBe(false);
    await room.leave();
    expect(room.state).toEqual({ status: 'closed', reason });
  });

  it('4503 resumes at once, 4500 as the policy says', async () => {
    const { relay, peer, states } = await liveRoom({ reconnect: () => 30 });
    peer.socket.close(CLOSE.DRAINING, 'draining');
    expect(await states.next()).toMatchObject({ attempt: 1, retry_in_ms: 0 });
    expect(await states.next()).toEqual({ status: 'live' });
    const second = await relay.connections.next();
    second.socket.close(CLOSE.INTERNAL);
    expect(await states.next()).toMatchObject({ attempt: 2, retry_in_ms: 30 });
    await states.nextThat(isLive);
  });

  it('4401 after a resume is forgiven once', async () => {
    const onConnect = afterFirst((peer) => peer.socket.close(CLOSE.UNAUTHORIZED, 'ticket'));
    const { router, peer, states } = await liveRoom({}, { onConnect });
    peer.socket.terminate();
    expect(await states.nextThat(isClosed)).toEqual({
      status: 'closed',
      reason: { kind: 'refused', code: 4401, reason: 'ticket' },
    });
    expect(await router.requests.next()).toMatchObject({ path: '/join-room' });
    expect(await router.requests.next()).toMatchObject({ path: '/join-room' });
  });

  it('4401 of a relay that was started anew leads back into the room', async () => {
    const onConnect = afterFirst((peer) => peer.socket.close(CLOSE.UNAUTHORIZED, 'ticket'));
    const { router, peer, states } = await liveRoom({}, { onConnect });
    const elsewhere = await startRelay();
    peer.socket.terminate();
    await router.requests.next();
    router.relay_url = elsewhere.url;
    expect(await states.nextThat(isLive)).toEqual({ status: 'live' });
  });
});

describe('a relay', () => {
  it('that says moved, and not where to, is left for the place that the router names, without giving the seat up', async () => {
    const { router, room, peer } = await liveRoom();
    const elsewhere = await startRelay();
    router.relay_url = elsewhere.url;
    const states: unknown[] = [];
    room.on('state', (state) => states.push(state));
    peer.tell({ type: 'moved', epoch: 2, reason: 'drain' });
    expect((await elsewhere.connections.next()).credentials).toEqual(room.seat);
    expect(await peer.controls.next()).toEqual({ type: 'moved_on' });
    // 1005: a close frame without a code. 1000 would have given the seat up.
    expect(await peer.closed).toBe(1005);
    expect([states, room.state]).toEqual([[], { status: 'live' }]);
  });

  it('that falls silent is dead', async () => {
    const { router, peer, states } = await liveRoom({ timings: { dead_after_ms: 400 } });
    const healthy = await startRelay({ alive_ms: 50 });
    router.relay_url = healthy.url;
    expect(await states.next()).toMatchObject({
      status: 'reconnecting',
      cause: 'Nothing was heard from the relay for too long',
    });
    await states.nextThat(isLive);
    expect(await peer.closed).toBe(1006);
  });

  it('that never says welcome is dead, whatever else it says', async () => {
    const silent = await startRelay({ alive_ms: 20, onConnect: () => undefined });
    const router = await startRouter(silent.url);
    const creating = create({ router: router.url, timings: { dead_after_ms: 400 } });
    await silent.connections.next();
    const healthy = await startRelay({ alive_ms: 50 });
    router.relay_url = healthy.url;
    expect((await creating).state).toEqual({ status: 'live' });
  });

  it('that slept with us is probed as soon as we are awake', async () => {
    let wake = (): void => undefined;
    const stopped = vi.fn<() => void>();
    const { relay, room, states } = await liveRoom({
      platform: {
        onWake(listener) {
          wake = listener;
          return stopped;
        },
      },
    });
    await taskAfterWelcome();
    wake();
    expect(room.state).toEqual({ status: 'live' });
    const slept = Date.now() + 12_000;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(slept);
    onTestFinished(() => {
      clock.mockRestore();
    });
    wake();
    expect(room.state).toMatchObject({ status: 'reconnecting', retry_in_ms: 0 });
    await states.nextThat(isLive);
    await relay.connections.next();
    await room.leave();
    expect(stopped).toHaveBeenCalledTimes(1);
  });
});
