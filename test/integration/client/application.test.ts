import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import {
  afterFirst,
  inbox,
  isClosed,
  isLive,
  join,
  liveRoom,
  startRelay,
  taskAfterWelcome,
} from './setup.ts';

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
    const { room, peer, states } = await liveRoom({ reconnect: () => 60_000 });
    await taskAfterWelcome();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
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
