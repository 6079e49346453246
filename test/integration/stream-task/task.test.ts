import { describe, expect, it } from 'vitest';
import type { SecretSource } from '../../../shared/ports/secrets.ts';
import { taskRooms } from '../../../shared/protocol/api.ts';
import { startFakeRouter } from '../../support/fake-router.ts';
import { eventually } from '../../support/inbox.ts';
import { callTask, seatOf } from '../../support/relay.ts';
import { enter, registerAt, startWholeTask as start } from '../../support/whole-task.ts';

describe('stream task', () => {
  it('registers itself once it answers its own health', async () => {
    await using router = await startFakeRouter();
    const before = Date.now();
    await using running = await start(router, { env: { TASK_ID: 'task-1', ROOM_CAPACITY: '7' } });
    const { request, remote } = await router.puts.next();
    expect(remote).toBe('203.0.113.7');
    expect(request).toMatchObject({
      task_id: 'task-1',
      kind: 'relay',
      region: 'eu-north-1',
      state: 'READY',
      port: running.task.relay.port,
      url: `ws://203.0.113.7:${running.task.relay.port}`,
      room_capacity: 7,
      clients: 0,
      heartbeat_seq: 0,
      rooms: [],
      connects: [],
    });
    expect(request.started_at).toBeGreaterThanOrEqual(before);
    await running.task.registered;
    const at = { port: running.task.relay.port, task_id: running.task.task_id };
    const snapshot = taskRooms.parse((await callTask(at, 'GET', '/rooms')).body);
    expect(snapshot.started_at, 'of the same process').toBe(request.started_at);
  });

  it('tells another address where it is told to', async () => {
    await using router = await startFakeRouter();
    await using running = await start(router, {
      env: { PUBLIC_ADDRESS: '', PUBLIC_URL: 'wss://[2001:db8::1]:8443' },
    });
    await running.task.registered;
    const { request, remote } = await router.puts.next();
    expect([request.url, remote]).toEqual(['wss://[2001:db8::1]:8443', '2001:db8::1']);
  });

  it('goes on trying until the router takes it, and relays meanwhile', async () => {
    await using router = await startFakeRouter();
    router.put_answers.push(503, 0, 422, 503);
    await using running = await start(router);
    const { peer } = await enter(running);
    await running.task.registered;
    expect(peer.open).toBe(true);
    const calls = [];
    for (let n = 0; n < 5; n++) calls.push(await router.puts.next());
    expect(calls.map(({ status }) => status)).toEqual([503, 0, 422, 503, 200]);
    expect(calls.map(({ request }) => request.heartbeat_seq)).toEqual([0, 1, 2, 3, 4]);
    expect([...running.task.relay.counts.put_task]).toEqual([
      ['refused', 3],
      ['unreachable', 1],
      ['answered', 1],
    ]);
    peer.ws.terminate();
  });

  it('reports its rooms and clients, and each connect until a call was answered', async () => {
    await using router = await startFakeRouter();
    await using running = await start(router);
    await running.task.registered;
    router.put_answers.push(503, 503);
    const { room_id, client, peer } = await enter(running);
    const connects = [{ room_id, epoch: 1, client_id: client.client_id, generation: 1 }];
    const statuses: number[] = [];
    for (;;) {
      const { request, status } = await router.puts.next();
      if (request.rooms.length === 0) continue;
      if (request.connects.length === 0) break;
      expect(request).toMatchObject({ rooms: [{ room_id, epoch: 1 }], clients: 1, connects });
      statuses.push(status);
    }
    expect(statuses, 'told until it was answered once').toEqual([503, 503, 200]);
    peer.ws.terminate();
  });

  it('[R26] [R34] lets go of rooms that the router says are not its own', async () => {
    await using router = await startFakeRouter();
    await using running = await start(router, { timing: { moved_close: 20 } });
    await running.task.registered;
    const moved = await enter(running);
    const raw = await enter(running, 'anteroom.raw.v1');
    const closed = await enter(running);
    const moved_to = { url: 'ws://203.0.113.9:5001', epoch: 9 };
    router.put_answers.push({
      not_owned: [
        { room_id: moved.room_id, epoch: 1, moved_to },
        { room_id: raw.room_id, epoch: 1, moved_to },
        { room_id: closed.room_id, epoch: 1 },
      ],
    });
    expect(await moved.peer.control('moved')).toEqual({ type: 'moved', ...moved_to, reason: 'rehomed' });
    expect((await moved.peer.closed).code).toBe(4503);
    expect((await raw.peer.closed).code).toBe(4503);
    expect((await closed.peer.closed).code).toBe(4404);
    const after = await router.puts.nextThat(({ request }) => request.rooms.length === 0);
    expect(after.request.clients).toBe(0);
    const late = { room_id: moved.room_id, clients: [seatOf(moved.client)] };
    expect(await registerAt(running, late)).toBe('409 stale_epoch');
  });

  it('removes a client at the router, and tries again until that is answered', async () => {
    await using router = await startFakeRouter();
    await using running = await start(router);
    router.remove_answers.push(503, 0, 429);
    const { room_id, client, peer } = await enter(running);
    peer.send('{"type":"leave"}');
    const request = { room_id, epoch: 1, client_id: client.client_id, generation: 1 };
    for (const status of [503, 0, 429, 200]) {
      expect(await router.removals.next()).toEqual({ request, status });
    }
    await eventually(() => running.task.relay.counts.remove_client.get('removed') === 1);
  });

  it('gives up a removal that the router refuses for good', async () => {
    await using router = await startFakeRouter();
    await using running = await start(router);
    router.remove_answers.push(422);
    const { peer } = await enter(running);
    peer.ws.close(1000);
    await router.removals.next();
    const { remove_client } = running.task.relay.counts;
    await eventually(() => remove_client.size > 0);
    expect([...remove_client]).toEqual([['refused', 1]]);
  });

  it('signs with a newer secret when the router refuses its token', async () => {
    await using router = await startFakeRouter();
    router.secret = { current: 'rotated' };
    const source: SecretSource = {
      get: ({ fresh = false } = {}) => Promise.resolve({ current: fresh ? 'rotated' : 'older' }),
    };
    await using running = await start(router, { source });
    await running.task.registered;
    expect((await router.puts.next()).request.heartbeat_seq).toBe(0);
  });

  it('[R33] drains, sends its clients away, and says STOPPED when it stops', async () => {
    await using router = await startFakeRouter();
    const running = await start(router);
    await running.task.registered;
    const { room_id, peer } = await enter(running);
    const stopping = running.task.stop();
    const draining = await router.puts.nextThat(({ request }) => request.state === 'DRAINING');
    expect(draining.request.rooms).toEqual([{ room_id, epoch: 1 }]);
    expect(await peer.closed).toEqual({ code: 4503, reason: 'draining' });
    await stopping;
    const stopped = await router.puts.nextThat(({ request }) => request.state === 'STOPPED');
    expect(stopped.request).toMatchObject({ rooms: [], clients: 0 });
    expect(stopped.request.heartbeat_seq).toBe(draining.request.heartbeat_seq + 1);
    await running.task.stop();
    expect(running.task.relay.counts.remove_client.size, 'the seats are placed anew').toBe(0);
  });

  it('finishes its removals before it stops', async () => {
    await using router = await startFakeRouter();
    const running = await start(router);
    await running.task.registered;
    router.remove_answers.push(503, 503, 503, 503, 503);
    const { peer } = await enter(running);
    peer.send('{"type":"leave"}');
    await peer.closed;
    await running.task.stop();
    expect([...running.task.relay.counts.remove_client]).toEqual([['removed', 1]]);
  });

  it('stops within its bound when the router does not answer', async () => {
    const gone = await startFakeRouter();
    await gone[Symbol.asyncDispose]();
    const running = await start(gone);
    const { peer } = await enter(running);
    await running.task.stop();
    expect((await peer.closed).code).toBe(4503);
    await running.task.registered;
  });
});
