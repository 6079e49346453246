import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { problemAnswer } from '../../support/router-double.ts';
import { isClosed, isLive, liveRoom } from './setup.ts';

describe('a broken connection', () => {
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
});
