import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { encodeFrame, FRAME_CLASS, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { FrameHeader } from '../../../shared/protocol/frame.ts';
import { CLOSE } from '../../../shared/protocol/close-codes.ts';
import type { RelayDouble, RelayOptions, RelayPeer } from '../../support/relay-double.ts';
import { problemAnswer } from '../../support/router-double.ts';
import { create, inbox, join, startRelay, startRouter } from './setup.ts';

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

type CreateExtra = Partial<Parameters<typeof create>[0]>;

/** A live room, and what its relay and its router see of it. */
async function liveRoom(extra: CreateExtra = {}, relay_options?: RelayOptions) {
  const relay = await startRelay(relay_options);
  const router = await startRouter(relay.url);
  const room = await create({ router: router.url, ...extra });
  const peer = await relay.connections.next();
  await router.requests.next();
  return { relay, router, room, peer, states: inbox(room, 'state') };
}

const isLive = (state: { status: string }): boolean => state.status === 'live';
const isClosed = (state: { status: string }): boolean => state.status === 'closed';

/** Welcomes the first connection, and does with each later one what `later` says. */
function afterFirst(later: (peer: RelayPeer, count: number) => void) {
  let count = 0;
  return (peer: RelayPeer, relay: RelayDouble): void => {
    if (count++ === 0) relay.welcome(peer);
    else later(peer, count);
  };
}

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
    for (const member of [bob, cat]) expect(await joined.next()).toEqual({ client_id: member.client_id });

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
      ['joined', { client_id: dan.client_id }],
      ['joined', { client_id: bob.client_id }],
    ]);
    expect(room.members).toEqual([{ client_id: dan.client_id }, { client_id: bob.client_id }]);
  });

  it('is tried again while the router is busy or away, no sooner than it asks', async () => {
    const { router, room, peer, states } = await liveRoom();
    router.answer(
      problemAnswer('no_task_available', { 'retry-after': '1' }),
      { status: 503, body: '{"message":"Service Unavailable"}' },
      { reset: true },
      { status: 429, body: '{"message":"Too Many Requests"}' },
    );
    peer.socket.terminate();
    const told = await states.nextThat((state) => state.status === 'reconnecting' && state.attempt === 2);
    expect(told).toMatchObject({ retry_in_ms: 1_000, cause: 'detail of no_task_available' });
    const attempts: unknown[] = [];
    for (;;) {
      const state = await states.next();
      if (state.status === 'live') break;
      attempts.push(state);
    }
    expect(attempts).toMatchObject([
      { attempt: 2, retry_in_ms: 0 },
      { attempt: 3, cause: 'Service Unavailable' },
      { attempt: 4, cause: expect.stringContaining('cannot be reached') },
      { attempt: 5, cause: 'Too Many Requests' },
    ]);
    expect(room.state).toEqual({ status: 'live' });
  });

  it('ends the room when the seat is gone', async () => {
    const { router, peer, states } = await liveRoom();
    router.answer(problemAnswer('client_not_found'));
    peer.socket.terminate();
    expect(await states.nextThat(isClosed)).toEqual({ status: 'closed', reason: { kind: 'gone' } });
  });

  it('ends the room when the policy gives up, with the last error', async () => {
    const { router, peer, states } = await liveRoom({ reconnect: (attempt) => (attempt > 2 ? null : 0) });
    router.answer(problemAnswer('store_busy'), problemAnswer('store_busy'));
    peer.socket.terminate();
    expect(await states.nextThat(isClosed)).toMatchObject({
      reason: { kind: 'gave_up', error: { code: 'store_busy', request_id: 'request-1' } },
    });
  });

  it('ends the room when the policy throws, and reports that', async () => {
    const reportError = vi.fn<(exception: unknown) => void>();
    vi.stubGlobal('reportError', reportError);
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    const fault = new Error('a fault of the application');
    const { peer, states } = await liveRoom({
      reconnect() {
        throw fault;
      },
    });
    peer.socket.terminate();
    expect(await states.nextThat(isClosed)).toMatchObject({ reason: { kind: 'gave_up' } });
    expect(reportError.mock.calls).toEqual([[fault]]);
  });

  it('is tried again after an answer that is of another client', async () => {
    const { router, room, peer, states } = await liveRoom();
    const { seat } = room;
    router.alter = (grant) => {
      router.alter = (later) => later;
      return { ...grant, client_id: '00000000-0000-4000-8000-000000000000' };
    };
    peer.socket.terminate();
    const second = await states.nextThat((state) => state.status === 'reconnecting' && state.attempt === 2);
    expect(second).toMatchObject({ cause: expect.stringContaining('another client') });
    await states.nextThat(isLive);
    expect(room.seat).toEqual(seat);
  });

  it.each([
    [408, ''],
    [425, ''],
    [403, '{"message":"Forbidden"}'],
    [404, '{"code":"not_found","message":"no Route matched"}'],
    [200, '<html>Please log in to this network</html>'],
  ])('is tried again after %i %s of something before the router', async (status, body) => {
    const { router, peer, states } = await liveRoom();
    router.answer({ status, body }, { status, body });
    peer.socket.terminate();
    await states.nextThat((state) => state.status === 'reconnecting' && state.attempt === 3);
    expect(await states.nextThat((state) => isLive(state) || isClosed(state))).toEqual({ status: 'live' });
  });

  it('ends the room when the router itself refuses for good', async () => {
    const { router, peer, states } = await liveRoom();
    router.answer(problemAnswer('invalid_request'));
    peer.socket.terminate();
    expect(await states.nextThat(isClosed)).toMatchObject({
      reason: { kind: 'gave_up', error: { code: 'invalid_request', from_router: true } },
    });
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
  it('that says moved is left for the new place, without giving the seat up', async () => {
    const { router, room, peer, states } = await liveRoom();
    const elsewhere = await startRelay();
    router.relay_url = elsewhere.url;
    peer.tell({ type: 'moved', epoch: 2, reason: 'drain' });
    expect(await states.next()).toMatchObject({ status: 'reconnecting', retry_in_ms: 0 });
    expect(await states.next()).toEqual({ status: 'live' });
    expect((await elsewhere.connections.next()).credentials).toEqual(room.seat);
    // 1005: a close frame without a code. 1000 would have given the seat up.
    expect(await peer.closed).toBe(1005);
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

describe('an application', () => {
  it('may have listeners that throw', async () => {
    const reportError = vi.fn<(exception: unknown) => void>();
    vi.stubGlobal('reportError', reportError);
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    const { router, room, peer, states } = await liveRoom();
    const fault = new Error('a fault of the application');
    for (const event of ['frame', 'message', 'joined', 'left', 'state', 'error'] as const) {
      room.on(event, () => {
        throw fault;
      });
    }
    const messages = inbox(room, 'message');
    const bob = await join({ router: router.url, room_id: room.room_id });
    bob.sendText('hello');
    expect((await messages.next()).text()).toBe('hello');
    peer.socket.terminate();
    await states.nextThat(isLive);
    expect(room.send(FRAME_CLASS.MSG, new Uint8Array(1))).toBe(true);
    expect(new Set(reportError.mock.calls.flat())).toEqual(new Set([fault]));
    expect(reportError.mock.calls.length).toBeGreaterThanOrEqual(4);
  });

  it('may leave while a reconnect is waited for', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { room, peer, states } = await liveRoom({ reconnect: () => 60_000 });
    peer.socket.terminate();
    expect(await states.next()).toMatchObject({ status: 'reconnecting', retry_in_ms: 60_000 });
    const timers = vi.getTimerCount();
    await room.leave();
    expect(await states.next()).toEqual({ status: 'closed', reason: { kind: 'left' } });
    expect(vi.getTimerCount()).toBe(timers - 1);
  });

  it('may leave while the router is asked', async () => {
    const signals: (AbortSignal | null | undefined)[] = [];
    const { router, room, peer, states } = await liveRoom({
      fetch(url, init) {
        signals.push(init?.signal);
        return fetch(url, init);
      },
    });
    router.answer({ hang: true });
    peer.socket.terminate();
    await router.requests.next();
    await room.leave();
    expect(await states.nextThat(isClosed)).toEqual({ status: 'closed', reason: { kind: 'left' } });
    expect(signals.map((signal) => signal?.aborted)).toEqual([false, true]);
  });

  it('may leave while a socket is opened', async () => {
    const { relay, room, peer, states } = await liveRoom({}, { onConnect: afterFirst(() => undefined) });
    peer.socket.terminate();
    const second = await relay.connections.next();
    await room.leave();
    expect(await states.nextThat(isClosed)).toEqual({ status: 'closed', reason: { kind: 'left' } });
    await second.closed;
  });

  it('may leave from within a listener, after which nothing more is told', async () => {
    const { router, room, peer } = await liveRoom();
    const elsewhere = await startRelay();
    router.relay_url = elsewhere.url;
    await join({ router: router.url, room_id: room.room_id });
    const joined = vi.fn<() => void>();
    room.on('joined', joined);
    const left = new Promise<void>((resolve) => {
      room.on('state', (state) => {
        if (isLive(state)) void room.leave().then(resolve);
      });
    });
    peer.socket.terminate();
    await left;
    expect(room.state).toEqual({ status: 'closed', reason: { kind: 'left' } });
    expect(room.members).toHaveLength(1);
    expect(joined).not.toHaveBeenCalled();
  });

  it('may leave from within the policy', async () => {
    const leave = vi.fn<() => void>();
    const { room, peer, states } = await liveRoom({
      reconnect() {
        leave();
        return 0;
      },
    });
    leave.mockImplementation(() => void room.leave());
    peer.socket.terminate();
    expect(await states.next()).toEqual({ status: 'closed', reason: { kind: 'left' } });
    expect(room.state).toEqual({ status: 'closed', reason: { kind: 'left' } });
    expect(leave).toHaveBeenCalledTimes(1);
  });

  it('may leave from within its fetch', async () => {
    const leave = vi.fn<() => void>();
    const { router, room, peer, states } = await liveRoom({
      fetch(url, init) {
        leave();
        return fetch(url, init);
      },
    });
    leave.mockImplementation(() => void room.leave());
    peer.socket.terminate();
    expect(await states.next()).toEqual({ status: 'closed', reason: { kind: 'left' } });
    expect(room.state).toEqual({ status: 'closed', reason: { kind: 'left' } });
    // The next that the router hears is not a second try of the first.
    await join({ router: router.url, room_id: room.room_id });
    expect((await router.requests.next()).body).toEqual({ room_id: room.room_id });
  });

  it('may leave from within a listener; the last that others hear is that', async () => {
    const { room, peer, states } = await liveRoom();
    const heard: string[] = [];
    room.on('state', ({ status }) => {
      if (status === 'reconnecting') void room.leave();
    });
    room.on('state', ({ status }) => heard.push(status));
    peer.socket.terminate();
    await states.nextThat(isClosed);
    expect(heard).toEqual(['reconnecting', 'closed']);
  });
});
