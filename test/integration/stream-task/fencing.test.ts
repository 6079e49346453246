/** A task whose rooms may have been moved: it learns so as soon as it can, and never serves that epoch again. */
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { authorize, ROUTER } from '../../../shared/domain/token.ts';
import type { Timing } from '../../../stream-task/timing.ts';
import { startFakeRouter, type FakeRouter } from '../../support/fake-router.ts';
import { eventually } from '../../support/inbox.ts';
import { callTask, newClient, newRoomId, SECRET, seatOf, type TestClient } from '../../support/relay.ts';
import { standStill } from '../../support/stand-still.ts';
import { connectTo, enter, registerAt, startWholeTask, type WholeTask } from '../../support/whole-task.ts';

const MOVED_TO = { url: 'ws://203.0.113.9:5001', epoch: 9 };
/** Whatever a busy machine does: without a stall no second call is made while a test runs. */
const RARELY = { HEARTBEAT: '1m', LEASE: '5m' };
const STALL_MS = 600;
const FAST: Partial<Timing> = { tick: 20, stall: STALL_MS / 2, moved_close: 20 };

/** A task that was registered, and whose next call comes by itself in a minute. */
async function startCalm(router: FakeRouter, timing: Partial<Timing> = {}): Promise<WholeTask> {
  const running = await startWholeTask(router, { env: RARELY, timing: { ...FAST, ...timing } });
  await running.task.registered;
  return running;
}

async function roomsOf({ task }: WholeTask): Promise<unknown> {
  return (await callTask({ port: task.relay.port, task_id: task.task_id }, 'GET', '/rooms')).body['rooms'];
}

/** How a late connect ends, which is no longer let in. */
async function turnedAway(running: WholeTask, room_id: string, client: TestClient, protocol?: string) {
  return (await connectTo(running, room_id, client, protocol)).closed;
}

describe('a task that stood still', () => {
  it('[R51] asks the router at once, and sends on the clients of the rooms that were moved meanwhile', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router);
    const v1 = await enter(running);
    const raw = await enter(running, 'anteroom.raw.v1');
    const kept = await enter(running);
    router.put_answer = {
      not_owned: [v1, raw].map(({ room_id }) => ({ room_id, epoch: 1, moved_to: MOVED_TO })),
    };
    standStill(STALL_MS);
    expect(await v1.peer.control('moved')).toEqual({ type: 'moved', ...MOVED_TO, reason: 'rehomed' });
    expect(await v1.peer.closed).toEqual({ code: 4503, reason: 'moved' });
    expect(await raw.peer.closed).toEqual({ code: 4503, reason: 'moved' });
    expect(kept.peer.open).toBe(true);
    expect(await roomsOf(running)).toMatchObject([{ room_id: kept.room_id }]);
    const { counts } = running.task.relay;
    expect(counts.rooms_lost).toBe(2);
    expect(counts.stalls).toBeGreaterThan(0);
    expect(counts.remove_client.size, 'their seats are at the new place').toBe(0);
    kept.peer.ws.terminate();
  });

  it('[R51] asks once more when an answer was under way', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router, { router_call: 60_000 });
    const { room_id, peer } = await enter(running);
    await router.asked.next();
    const early = Promise.withResolvers<object>();
    router.put_answers.push(early.promise);
    standStill(STALL_MS);
    await router.asked.next();
    // It goes on for a moment, and stands still again: what is answered then is of before.
    standStill(STALL_MS);
    router.put_answer = { not_owned: [{ room_id, epoch: 1, moved_to: MOVED_TO }] };
    const { stalls } = running.task.relay.counts;
    await eventually(() => running.task.relay.counts.stalls > stalls);
    early.resolve({});
    expect(await peer.control('moved')).toMatchObject(MOVED_TO);
  });

  it('[R51] forwards what a client sent meanwhile, though it is more than a burst', async () => {
    await using router = await startFakeRouter();
    const limits = { ...RARELY, MESSAGE_RATE: '1000' };
    await using running = await startWholeTask(router, { env: limits, timing: FAST });
    await running.task.registered;
    const { peer, room_id } = await enter(running, 'anteroom.raw.v1');
    const other = await enter(running, 'anteroom.raw.v1', room_id);
    await eventually(() => running.task.relay.registry.clients === 2);
    const sent = 2_000 + STALL_MS / 2;
    for (let n = 0; n < sent; n++) peer.send('x');
    standStill(STALL_MS);
    for (let n = 0; n < sent; n++) await other.peer.next();
    expect([peer.open, other.peer.open]).toEqual([true, true]);
    for (const { ws } of [peer, other.peer]) ws.terminate();
  });

  it('[R51] gives no seat up for the time it stood still: who came meanwhile is let in', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router);
    const room_id = newRoomId();
    const client = newClient();
    await registerAt(running, { room_id, clients: [seatOf(client, 1, 50)] });
    standStill(STALL_MS);
    const peer = await connectTo(running, room_id, client);
    await peer.welcomed();
    expect(running.task.relay.counts.seats_expired).toBe(0);
    peer.ws.terminate();
  });

  it('[R51] gives the seat up once the router had its say, at the epoch and generation of the seat', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router, { router_call: 300 });
    const room_id = newRoomId();
    const client = newClient();
    await registerAt(running, { room_id, epoch: 3, clients: [seatOf(client, 2, 50)] });
    standStill(STALL_MS);
    const { request: removal } = await router.removals.next();
    expect(removal).toEqual({ room_id, epoch: 3, client_id: client.client_id, generation: 2 });
  });

  it('[R51] says nothing of the seats of a room that was moved meanwhile', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router);
    const room_id = newRoomId();
    await registerAt(running, { room_id, clients: [seatOf(newClient(), 1, 50), seatOf(newClient(), 1, 50)] });
    router.put_answer = { not_owned: [{ room_id, epoch: 1, moved_to: MOVED_TO }] };
    standStill(STALL_MS);
    const { counts, registry } = running.task.relay;
    await eventually(() => registry.rooms === 0);
    expect([counts.rooms_lost, counts.seats_expired, counts.remove_client.size]).toEqual([1, 0, 0]);
  });
});

describe('an epoch that was lost', () => {
  it('[R52] sends on who comes late with a good ticket, and nobody else', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router);
    const { registry } = running.task.relay;
    const moved = await enter(running);
    const late = newClient();
    await registerAt(running, { room_id: moved.room_id, clients: [seatOf(late)] });
    const closed = await enter(running);
    registry.disown({ room_id: moved.room_id, epoch: 1, moved_to: MOVED_TO });
    registry.disown({ room_id: closed.room_id, epoch: 1 });

    const sent_on = { code: 4503, reason: 'moved' };
    for (const client of [moved.client, late]) {
      expect(await turnedAway(running, moved.room_id, client)).toEqual(sent_on);
    }
    expect(await turnedAway(running, moved.room_id, late, 'anteroom.raw.v1')).toEqual(sent_on);
    expect((await turnedAway(running, closed.room_id, closed.client)).code).toBe(4404);
    const guessed = { ...late, ticket: newClient().ticket };
    for (const client of [guessed, newClient()]) {
      expect((await turnedAway(running, moved.room_id, client)).code).toBe(4401);
    }
    expect(registry.rooms).toBe(0);
  });

  it('[R53] is refused whenever it is registered, also when the room came back and was lost again', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router);
    const { registry } = running.task.relay;
    const { room_id, client } = await enter(running);
    const register = (epoch: number) => registerAt(running, { room_id, epoch, clients: [seatOf(client)] });
    registry.disown({ room_id, epoch: 1, moved_to: MOVED_TO });
    expect(await register(1)).toBe('409 stale_epoch');
    expect(await register(5)).toBe('registered');
    const back = await connectTo(running, room_id, client);
    expect((await back.welcomed()).epoch).toBe(5);
    expect(await register(1)).toBe('409 stale_epoch');
    registry.disown({ room_id, epoch: 5, moved_to: MOVED_TO });
    await back.control('moved');
    for (const epoch of [1, 2, 5]) expect(await register(epoch)).toBe('409 stale_epoch');
    expect(await roomsOf(running)).toEqual([]);
  });

  it('[R53] is not served once the room went on here at a newer one and has ended', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router);
    const { room_id, client, peer } = await enter(running);
    await registerAt(running, { room_id, epoch: 3, clients: [seatOf(client)] });
    peer.send('{"type":"leave"}');
    await peer.closed;
    expect(await registerAt(running, { room_id, epoch: 1, clients: [seatOf(client)] })).toBe(
      '409 stale_epoch',
    );
  });

  it('[R53] is not served by a room of the same number, nor after that', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router);
    const { room_id, client } = await enter(running);
    running.task.relay.registry.disown({ room_id, epoch: 1, moved_to: MOVED_TO });
    const other = newClient();
    const second = { room_id, created_at: 50, epoch: 50, clients: [seatOf(other)] };
    expect(await registerAt(running, second)).toBe('registered');
    const peer = await connectTo(running, room_id, other);
    await peer.welcomed();
    expect(await registerAt(running, { room_id, clients: [seatOf(client)] })).toBe('409 stale_epoch');
    expect(await turnedAway(running, room_id, client)).toEqual({ code: 4503, reason: 'moved' });

    const heir = newClient();
    const third = { room_id, created_at: 70, epoch: 70, clients: [seatOf(heir)] };
    expect(await registerAt(running, third)).toBe('registered');
    expect((await peer.closed).code).toBe(4404);
    const last = await connectTo(running, room_id, heir);
    await last.welcomed();
    last.send('{"type":"leave"}');
    await last.closed;
    expect(running.task.relay.registry.rooms, 'it has ended by itself').toBe(0);
    expect(await registerAt(running, second)).toBe('409 stale_epoch');
  });

  it('[R53] is not served by a register that was under way when it was lost', async () => {
    await using router = await startFakeRouter();
    await using running = await startCalm(router);
    const { room_id, client } = await enter(running);
    const { task_id, relay } = running.task;
    const body = JSON.stringify({
      room_id,
      created_at: 1,
      epoch: 1,
      max_clients: 4,
      clients: [seatOf(client)],
    });
    const authorization = await authorize(
      { issuer: ROUTER, audience: task_id, subject: task_id },
      { method: 'POST', path: '/register', body },
      SECRET,
      Date.now(),
    );
    const call = request({
      port: relay.port,
      method: 'POST',
      path: '/register',
      headers: {
        authorization,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    const answered = new Promise<number | undefined>((resolve, reject) => {
      call.once('error', reject);
      call.once('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
    });
    await new Promise((resolve) => call.write(body.slice(0, 10), resolve));
    relay.registry.disown({ room_id, epoch: 1, moved_to: MOVED_TO });
    call.end(body.slice(10));
    expect(await answered).toBe(409);
    expect(relay.registry.rooms).toBe(0);
  });

  it('[R54] is all that an answer can take: what was registered since the call stays', async () => {
    await using router = await startFakeRouter();
    await using running = await startWholeTask(router, { timing: { moved_close: 20 } });
    await running.task.registered;
    const { room_id, client, peer } = await enter(running);
    await router.asked.nextThat(({ rooms }) => rooms.length === 0);
    const answer = Promise.withResolvers<object>();
    router.put_answers.push(answer.promise);
    await router.asked.nextThat(({ rooms }) => rooms.length === 1);
    // While the router answers, the room comes back, and another one is placed here.
    await registerAt(running, { room_id, epoch: 3, clients: [seatOf(client)] });
    const other = await enter(running);
    const { puts } = router;
    answer.resolve({ not_owned: [{ room_id, epoch: 1, moved_to: { ...MOVED_TO, epoch: 3 } }] });
    await puts.nextThat(({ request: { rooms } }) => rooms.length === 2);
    expect([peer.open, other.peer.open]).toEqual([true, true]);
    expect(await roomsOf(running)).toMatchObject([{ room_id, epoch: 3 }, { room_id: other.room_id }]);
    for (const { ws } of [peer, other.peer]) ws.terminate();
  });
});
