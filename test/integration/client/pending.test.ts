/** Rooms that wait for a task to start: what the SDK makes of a grant with `state: "pending"`, over real sockets. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { EntryProgress } from '../../../client/src/types.ts';
import type { ControlOptions } from '../../support/control-double.ts';
import { Inbox } from '../../support/inbox.ts';
import { problemAnswer } from '../../support/router-double.ts';
import { HASTY, nextChannel, nextPending, noTask, PATIENT, ROOM } from './no-task.ts';
import { create, createSealed, inbox, join, joinSealed } from './setup.ts';

describe('a room without a task', () => {
  it('is waited for on the control channel, and entered where that says', async () => {
    const { relay, router, control, expires_at, progress, ready, waits, options } = await noTask();
    const before = Date.now();
    const creating = create({ ...options, max_clients: 3 });
    const told = await nextPending(progress);
    expect(told).toEqual({ status: 'pending', since: told.since, expires_at, seat: told.seat });
    expect(told.since).toBeGreaterThanOrEqual(before);
    const { room_id, client_id, ticket } = told.seat;
    const channel = await nextChannel(control);
    expect(channel.offers).toEqual(['anteroom.control.v1', `${room_id}.${client_id}.${ticket}`]);
    channel.tell(waits);
    channel.tell(ready());
    const room = await creating;
    expect(room.state).toEqual({ status: 'live' });
    expect(room.seat).toEqual(told.seat);
    expect((await relay.connections.next()).credentials).toEqual(told.seat);
    expect(await progress.next()).toEqual({ status: 'connecting' });
    await channel.closed;
    await router.requests.next();
    router.answer({ reset: true });
    await expect(create({ ...options, reconnect: () => null })).rejects.toMatchObject({ code: 'network' });
    expect((await router.requests.next()).path, 'nothing was asked in between').toBe('/create-room');
  });

  it('has a link already, by which others come and wait as well', async () => {
    const { control, progress, ready, options } = await noTask();
    const creating = createSealed(options);
    const { link } = await nextPending(progress);
    const first = await nextChannel(control);
    const joining = joinSealed(link!, options);
    expect(await nextPending(progress)).toMatchObject({ status: 'pending', link });
    const second = await nextChannel(control);
    first.tell(ready());
    second.tell(ready());
    const [ann, bob] = await Promise.all([creating, joining]);
    expect([ann.link, bob.link]).toEqual([link, link]);
    const heard = inbox(bob, 'message');
    await vi.waitFor(() => expect(ann.members).toMatchObject([{ sealed: true }]), { timeout: 10_000 });
    ann.sendText('here we are');
    expect((await heard.next()).text()).toBe('here we are');
  });

  it('is waited for by one who moves on to it, too', async () => {
    const { router, control, progress, ready, options } = await noTask();
    const pending = router.pending;
    router.pending = undefined;
    const ann = await createSealed(options);
    expect(await progress.next()).toEqual({ status: 'connecting' });
    router.pending = pending;
    router.alter = (grant) => ({ ...grant, room_id: '00158' });
    const steps = new Inbox<EntryProgress>();
    const moving = ann.moveWithout([], { onProgress: (step) => steps.put(step) });
    const { link } = await nextPending(steps);
    (await nextChannel(control)).tell({ ...ready(), room_id: '00158' });
    const next = await moving;
    onTestFinished(() => next.leave());
    expect(next.link).toBe(link);
    expect(await steps.next()).toEqual({ status: 'connecting' });
  });

  it('is waited for again by who comes back with the seat', async () => {
    const { control, progress, ready, options } = await noTask();
    const reload = new AbortController();
    const creating = create({ ...options, signal: reload.signal });
    const { seat } = await nextPending(progress);
    await nextChannel(control);
    reload.abort();
    await expect(creating).rejects.toMatchObject({ code: 'aborted' });
    const { room_id, ...resume } = seat;
    const joining = join({ ...options, room_id, resume });
    expect((await nextPending(progress)).seat).toEqual(seat);
    (await nextChannel(control)).tell(ready());
    expect((await joining).seat).toEqual(seat);
  });

  it('is not waited for by who does not want to', async () => {
    const { router, options } = await noTask();
    router.answer(...Array.from({ length: 4 }, () => problemAnswer('no_task_available')));
    await expect(create({ ...options, wait: false })).rejects.toMatchObject({ code: 'no_task_available' });
    expect((await router.requests.next()).body).toEqual({ wait: false });
  });
});

describe('a router without a control channel', () => {
  it('is asked until the room has a place', async () => {
    const { router, progress, options } = await noTask();
    router.pending = { expires_at: Date.now() + 60_000 };
    const creating = create({ ...options, timings: HASTY });
    const { seat } = await nextPending(progress);
    const [first, ...more] = await Promise.all([1, 2, 3].map(() => router.requests.next()));
    expect(first!.path).toBe('/create-room');
    for (const request of more) expect(request).toMatchObject({ path: '/join-room', body: seat });
    router.answer({ reset: true }, problemAnswer('store_busy'), { status: 502, body: '<html>' });
    router.pending = undefined;
    expect((await creating).state.status).toBe('live');
    expect(router.seats).toBe(1);
  });

  it('is given the time that it asks for', async () => {
    const { router, options } = await noTask();
    router.pending = { expires_at: Date.now() + 60_000 };
    const creating = create({ ...options, timings: HASTY });
    await router.requests.next();
    router.answer(problemAnswer('rate_limited', { 'retry-after': '1' }));
    await router.requests.next();
    const before = performance.now();
    router.pending = undefined;
    await creating;
    expect(performance.now() - before).toBeGreaterThan(900);
  });
});

describe('a control channel', () => {
  it.each<[string, ControlOptions]>([
    ['is refused', { refuse: Array.from({ length: 99 }, () => 401) }],
    ['speaks another protocol', { select: () => false }],
    ['says nothing', {}],
  ])('that %s leaves the router to be asked', async (_what, control_options) => {
    const { router, control, options } = await noTask(control_options);
    const creating = create({ ...options, timings: { pending_poll_ms: 200, control_answer_ms: 100 } });
    await router.requests.next();
    if (control_options.refuse === undefined) await control.connections.next();
    await router.requests.next();
    router.pending = undefined;
    expect((await creating).state.status).toBe('live');
  });

  it('at an address that is none leaves the router to be asked', async () => {
    const { router, options } = await noTask();
    router.pending = { ...router.pending!, control_url: 'nowhere' };
    const creating = create({ ...options, timings: HASTY });
    await Promise.all([router.requests.next(), router.requests.next()]);
    router.pending = undefined;
    expect((await creating).state.status).toBe('live');
  });

  it('that is refused, ends or falls silent is opened again and asked for the present state', async () => {
    const { control, ready, waits, options } = await noTask({ refuse: [503, 429] });
    const timings = { ...PATIENT, control_retry_ms: 5, control_answer_ms: 700, control_sync_ms: 10 };
    const creating = create({ ...options, timings });
    (await nextChannel(control)).socket.close(1001, 'Going away');
    const silent = await nextChannel(control);
    await silent.closed;
    const third = await nextChannel(control);
    third.tell(waits);
    // Asked again from time to time, in case that a push was lost.
    expect(await third.messages.next()).toEqual({ type: 'sync' });
    third.tell(ready());
    expect((await creating).state.status).toBe('live');
  });

  it('may say what nobody understands', async () => {
    const { control, ready, relay, options } = await noTask();
    const creating = create(options);
    const channel = await nextChannel(control);
    channel.socket.send('{');
    channel.socket.send('null');
    channel.socket.send(new Uint8Array(5));
    const place = ready();
    const nonsense: Record<string, unknown>[] = [
      { type: 'room.closed' },
      { type: 'room.closed', room_id: '00158', reason: 'gone' },
      { ...place, room_id: undefined },
      { ...place, url: 5 },
      { ...place, epoch: '2' },
      { ...place, expires_at: null },
      { ...place, epoch: 0 },
      { type: 'room.pending', room_id: ROOM },
      { type: 'room.moved', room_id: ROOM, epoch: 2 },
      { type: 'room.painted', room_id: ROOM },
      { message: 'Internal server error', connectionId: 'x', requestId: 'y' },
    ];
    for (const message of nonsense) channel.tell(message);
    channel.tell({ ...place, more: true });
    expect((await creating).state.status).toBe('live');
    await relay.connections.next();
  });

  it('that says that the room moved has the router asked where it is', async () => {
    const { router, relay, control, options } = await noTask();
    const creating = create(options);
    const channel = await nextChannel(control);
    await router.requests.next();
    router.pending = undefined;
    channel.tell({ type: 'room.moved', room_id: ROOM, url: 'ws://127.0.0.1:9', epoch: 3 });
    expect((await creating).state.status).toBe('live');
    expect((await router.requests.next()).path).toBe('/join-room');
    await relay.connections.next();
  });

  it('that says so once has the router asked until that has told', async () => {
    const { router, relay, control, options } = await noTask();
    const creating = create({ ...options, timings: { ...PATIENT, pending_poll_ms: 50 } });
    const channel = await nextChannel(control);
    await router.requests.next();
    router.answer(...Array.from({ length: 2 }, () => problemAnswer('no_task_available')));
    channel.tell({ type: 'room.pending', room_id: ROOM, expires_at: Date.now() + 60_000 });
    channel.tell({ type: 'room.moved', room_id: ROOM, url: 'ws://127.0.0.1:9', epoch: 3 });
    for (let n = 0; n < 2; n++) expect((await router.requests.next()).path).toBe('/join-room');
    router.pending = undefined;
    expect((await creating).state.status).toBe('live');
    await relay.connections.next();
  });

  it('that names a place which is none ends the wait', async () => {
    const { control, ready, options } = await noTask();
    const creating = create(options);
    (await nextChannel(control)).tell({ ...ready(), url: 'https://room.example' });
    await expect(creating).rejects.toMatchObject({
      code: 'protocol',
      message: expect.stringContaining('url'),
    });
  });

  it('tells when the time that a room waits has become another', async () => {
    const { control, progress, ready, waits, expires_at, options } = await noTask();
    const creating = create(options);
    const first = await nextPending(progress);
    const channel = await nextChannel(control);
    channel.tell(waits);
    channel.tell({ type: 'room.pending', room_id: ROOM, expires_at: expires_at + 5_000 });
    expect(await progress.next()).toEqual({ ...first, expires_at: expires_at + 5_000 });
    channel.tell(ready());
    await creating;
    expect(await progress.next()).toEqual({ status: 'connecting' });
  });
});
