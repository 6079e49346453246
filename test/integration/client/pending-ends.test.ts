/** How the wait for a room that has no task yet ends, and what it does meanwhile, over real sockets. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { problemAnswer } from '../../support/router-double.ts';
import { HASTY, nextChannel, nextPending, noTask, ROOM } from './no-task.ts';
import { create, startRelay } from './setup.ts';

describe('a wait', () => {
  const given_up = { code: 'no_task_available', retryable: true, from_router: false };

  it.each(['expired', 'gone'] as const)('ends when the room is over: %s', async (reason) => {
    const { control, options } = await noTask();
    const creating = create(options);
    const channel = await nextChannel(control);
    channel.tell({ type: 'room.closed', room_id: ROOM, reason });
    await expect(creating).rejects.toMatchObject({
      ...given_up,
      message: expect.stringContaining('in time'),
    });
    await channel.closed;
  });

  it.each(['room_not_found', 'client_not_found'] as const)('ends when the router says %s', async (code) => {
    const { router, options } = await noTask();
    router.pending = { expires_at: Date.now() + 60_000 };
    const creating = create({ ...options, timings: HASTY });
    await router.requests.next();
    router.answer(problemAnswer(code));
    await expect(creating).rejects.toMatchObject({ ...given_up, cause: { code } });
    expect(router.seats, 'none was asked for anew').toBe(1);
  });

  it('ends with whatever else the router refuses', async () => {
    const { router, options } = await noTask();
    router.pending = { expires_at: Date.now() + 60_000 };
    const creating = create({ ...options, timings: HASTY });
    await router.requests.next();
    router.answer(problemAnswer('forbidden'));
    await expect(creating).rejects.toMatchObject({ code: 'forbidden', from_router: true });
  });

  it('ends after its time where nobody can say whether the room is still there', async () => {
    const { router, control, options } = await noTask({}, 300);
    const creating = create({ ...options, timings: { ...HASTY, first_grant_ms: 100, control_retry_ms: 5 } });
    await router.requests.next();
    router.answer(...Array.from({ length: 999 }, () => ({ reset: true }) as const));
    await control.stop();
    const before = performance.now();
    await expect(creating).rejects.toMatchObject({ ...given_up, cause: { code: 'network' } });
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it('goes on where only the clock of this machine says that it is over, but not for ever', async () => {
    const { router, progress, options } = await noTask();
    router.pending = { expires_at: Date.now() - 3_600_000 };
    const creating = create({ ...options, timings: HASTY });
    await nextPending(progress);
    for (let n = 0; n < 4; n++) await router.requests.next();
    router.pending = undefined;
    expect((await creating).state.status).toBe('live');
    router.pending = { expires_at: Date.now() - 3_600_000 };
    const endless = create({ ...options, timings: { ...HASTY, longest_pending_ms: 50 } });
    await expect(endless).rejects.toMatchObject(given_up);
  });

  it('ends by the signal, with all that it had under way', async () => {
    const { router, control, progress, options } = await noTask();
    const controller = new AbortController();
    const creating = create({ ...options, timings: HASTY, signal: controller.signal });
    await nextPending(progress);
    const channel = await nextChannel(control);
    await router.requests.next();
    router.answer({ hang: true });
    await router.requests.next();
    controller.abort(new Error('enough'));
    await expect(creating).rejects.toMatchObject({ code: 'aborted', cause: { message: 'enough' } });
    await channel.closed;
  });

  it('ends by the signal that a listener gives at once', async () => {
    const { options } = await noTask();
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expect(create({ ...options, onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('looks at once when a page is seen again', async () => {
    const { router, control, ready, waits, options } = await noTask();
    const stopped = vi.fn<() => void>();
    let wake = (): void => undefined;
    const onWake = (listener: () => void) => {
      wake = listener;
      return stopped;
    };
    const creating = create({ ...options, platform: { onWake } });
    const channel = await nextChannel(control);
    channel.tell(waits);
    await router.requests.next();
    wake();
    expect((await router.requests.next()).path).toBe('/join-room');
    expect(await channel.messages.next()).toEqual({ type: 'sync' });
    channel.tell(ready());
    await creating;
    // The wait does not listen any more; the room does.
    expect(stopped).toHaveBeenCalledTimes(1);
  });

  it('does not suffer from a listener that throws', async () => {
    const reported = vi.fn<(exception: unknown) => void>();
    vi.stubGlobal('reportError', reported);
    onTestFinished(() => void vi.unstubAllGlobals());
    const { control, ready, options } = await noTask();
    const fault = new Error('mine');
    const onProgress = (): never => {
      throw fault;
    };
    const creating = create({ ...options, onProgress });
    (await nextChannel(control)).tell(ready());
    expect((await creating).state.status).toBe('live');
    expect(reported.mock.calls).toEqual([[fault], [fault]]);
  });

  it('is not begun anew, in another room, when the place is lost: others have the link', async () => {
    const { router, relay, control, ready, options } = await noTask();
    const creating = create(options);
    const channel = await nextChannel(control);
    const gone = await startRelay({ onConnect: (peer) => peer.socket.close(4404) });
    channel.tell({ ...ready(), url: gone.url });
    await expect(creating).rejects.toMatchObject({ code: 'closed' });
    expect(router.seats).toBe(1);
    await relay.stop();
  });
});
