/** A task that drains: its rooms move elsewhere, and their clients go on here until they are there. */
import { describe, expect, it } from 'vitest';
import type { TaskConfig } from '../../../shared/config/settings.ts';
import type { RelayControl } from '../../../shared/protocol/control.ts';
import { encodeFrame, FRAME_CLASS, TO_ALL, TO_RELAY } from '../../../shared/protocol/frame.ts';
import { startFakeRouter, type FakeRouter } from '../../support/fake-router.ts';
import { callTask, newClient, newRoomId, type Peer, seatOf, type TestClient } from '../../support/relay.ts';
import { connectTo, registerAt, startWholeTask, type WholeTask } from '../../support/whole-task.ts';

const PLACE = { url: 'ws://203.0.113.9:5001', epoch: 9 };

/** A router that finds a place for every room. */
async function startDrainRouter(): Promise<FakeRouter> {
  const router = await startFakeRouter();
  router.migrate = () => PLACE;
  return router;
}

async function startCalm(
  router: FakeRouter,
  env: Partial<Record<keyof TaskConfig, string>> = {},
): Promise<WholeTask> {
  const running = await startWholeTask(router, { env: { HEARTBEAT: '1m', LEASE: '5m', ...env } });
  await running.task.registered;
  return running;
}

/** A room of connected clients; in a v1 room everything that was said so far is read. */
async function roomOf(running: WholeTask, count: number, protocol = 'anteroom.v1') {
  const room_id = newRoomId();
  const clients = Array.from({ length: count }, newClient);
  await registerAt(running, { room_id, clients: clients.map((client) => seatOf(client)) });
  const peers: Peer[] = [];
  for (const client of clients) {
    const peer = await connectTo(running, room_id, client, protocol);
    if (protocol === 'anteroom.v1') {
      await peer.welcomed();
      for (const other of peers) await other.control('joined');
    }
    peers.push(peer);
  }
  return { room_id, clients, peers };
}

const portOf = ({ task }: WholeTask) => ({ port: task.relay.port, task_id: task.task_id });

/** Reads what a draining task says first. */
async function moved(...peers: Peer[]) {
  const said = [];
  for (const peer of peers) {
    await peer.control('draining');
    said.push(await peer.control('moved'));
  }
  return said;
}

async function text(peer: Peer): Promise<string> {
  const { data, binary } = await peer.next();
  return binary ? data.subarray(6).toString() : data.toString();
}

const HEADER = { droppable: false, keyframe: false, e2e: false, layer: 0, stream: 0 };

/** Sends a message of the application to all others, or to one slot. */
function say(peer: Peer, words: string, destination = TO_ALL): void {
  const frame_class = destination === TO_RELAY ? FRAME_CLASS.CTRL : FRAME_CLASS.MSG;
  peer.send(
    encodeFrame({ ...HEADER, class: frame_class, source: peer.slot, destination }, Buffer.from(words)),
  );
}

const left = (peer: Peer, { client_id }: TestClient, reason: string): RelayControl =>
  ({ type: 'left', slot: peer.slot, client_id, reason }) as RelayControl;

describe('a task that drains', () => {
  it('[R62] [R63] tells its clients where the room is, and relays on among them until they have gone', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    const { room_id, peers, clients } = await roomOf(running, 2);
    const [a, b] = peers as [Peer, Peer];
    const { status, body } = await callTask(portOf(running), 'POST', '/drain');
    expect(status).toBe(202);
    expect(body).toMatchObject({ rooms: 1 });
    expect(body['deadline_ms']).toBeGreaterThan(99_000);
    for (const said of await moved(a, b)) {
      expect(said).toMatchObject({ type: 'moved', ...PLACE, reason: 'drain' });
      // In time to take up the seat there, which waits 30 s.
      expect(said.deadline_ms).toBeLessThanOrEqual(20_000);
      expect(said.deadline_ms).toBeGreaterThan(10_000);
    }
    expect((await router.migrations.next()).request).toEqual({ room_id, epoch: 1 });
    say(a, 'still here');
    expect(await text(b)).toBe('still here');
    say(b, 'so am I', a.slot);
    expect(await text(a)).toBe('so am I');

    a.ws.close(4000);
    expect(await b.control('left')).toEqual(left(a, clients[0]!, 'moved'));
    b.ws.terminate();
    await running.task.stopped;
    const { request } = await router.puts.nextThat((put) => put.request.state === 'STOPPED');
    expect(request.rooms).toEqual([]);
    expect(running.task.relay.counts.remove_client.size, 'their seats are at the new place').toBe(0);
  });

  it('[R62] is told to the router at once, and is not ready; the rooms that have moved are not reported', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router, { HEARTBEAT: '2s', LEASE: '5s' });
    const there = await roomOf(running, 1);
    const here = await roomOf(running, 1);
    router.migrate = ({ room_id }) => (room_id === there.room_id ? PLACE : 503);
    running.task.drain();
    const peer = there.peers[0]!;
    await moved(peer);
    const put = await router.puts.nextThat(({ request }) => request.state === 'DRAINING');
    expect(put.request.clients).toBe(2);
    const next = await router.puts.nextThat(({ request }) => request.rooms.length === 1);
    expect(next.request).toMatchObject({
      state: 'DRAINING',
      rooms: [{ room_id: here.room_id, epoch: 1 }],
      clients: 2,
    });
    expect((await callTask(portOf(running), 'GET', '/ready')).status).toBe(503);
    const { body } = await callTask(portOf(running), 'GET', '/rooms');
    expect(body['rooms']).toMatchObject([{ room_id: here.room_id }]);
    const metrics = await callTask(portOf(running), 'GET', '/metrics');
    expect(metrics.body['text']).toMatch(/^anteroom_rooms_moved_total 1$/m);
    expect(metrics.body['text']).toMatch(/^anteroom_migrate_room_total\{outcome="answered"\} 1$/m);
    expect(await registerAt(running, { room_id: newRoomId(), clients: [seatOf(newClient())] })).toBe(
      '503 task_draining',
    );
    await running.task.stop();
  });

  it('[R65] tells the others when a client sends elsewhere, behind all that it sent; what it sends later is dropped', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    const { peers, clients } = await roomOf(running, 3);
    const [a, b, c] = peers as [Peer, Peer, Peer];
    // Before `moved` it means nothing.
    a.send('{"type":"moved_on"}');
    say(a, 'before');
    expect([await text(b), await text(c)]).toEqual(['before', 'before']);
    running.task.drain();
    await moved(a, b, c);
    for (let i = 0; i < 50; i++) say(a, String(i));
    a.send('{"type":"moved_on"}');
    say(a, 'lost');
    say(a, 'lost', b.slot);
    a.send('{"type":"moved_on"}');
    for (const peer of [b, c]) {
      for (let i = 0; i < 50; i++) expect(await text(peer)).toBe(String(i));
      expect(await peer.control('left')).toEqual(left(a, clients[0]!, 'moved'));
    }
    // What the others send goes on reaching it, and its acknowledgements count.
    say(b, 'to all');
    expect([await text(a), await text(c)]).toEqual(['to all', 'to all']);
    const acks = running.task.relay.counts.frames_to_relay;
    say(a, '\0\0\0\x05', TO_RELAY);
    say(c, 'to you', a.slot);
    expect(await text(a)).toBe('to you');
    a.ws.close(4000);
    await a.closed;
    say(b, 'it has gone');
    expect(await text(c), 'nothing more is told of it').toBe('it has gone');
    expect(running.task.relay.counts.frames_to_relay).toBe(acks + 1);
    await running.task.stop();
  });

  it('[R63] [R65] leaving gives up the seat at the new place, also after moving on', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    const { room_id, peers, clients } = await roomOf(running, 3);
    const [a, b, c] = peers as [Peer, Peer, Peer];
    running.task.drain();
    await moved(a, b, c);
    a.send('{"type":"leave"}');
    expect(await b.control('left')).toEqual(left(a, clients[0]!, 'gone'));
    b.send('{"type":"moved_on"}');
    expect(await c.control('left')).toEqual(left(a, clients[0]!, 'gone'));
    expect(await c.control('left')).toEqual(left(b, clients[1]!, 'moved'));
    b.ws.close(1000);
    expect(await c.control('left')).toEqual(left(b, clients[1]!, 'gone'));
    for (const client of [clients[0]!, clients[1]!]) {
      expect((await router.removals.next()).request).toEqual({
        room_id,
        epoch: PLACE.epoch,
        client_id: client.client_id,
        generation: 1,
      });
    }
    await running.task.stop();
  });

  it('[R64] tells the others whether a client closed its connection, or that broke', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    const { peers, clients } = await roomOf(running, 4);
    const [a, b, c, d] = peers as [Peer, Peer, Peer, Peer];
    running.task.drain();
    await moved(a, b, c, d);
    a.ws.close(4000);
    expect(await d.control('left')).toEqual(left(a, clients[0]!, 'moved'));
    b.ws.close();
    expect(await d.control('left')).toEqual(left(b, clients[1]!, 'moved'));
    c.ws.terminate();
    expect(await d.control('left')).toEqual(left(c, clients[2]!, 'resuming'));
    d.ws.terminate();
    await running.task.stopped;
  });

  it('[R64] nobody comes any more, not even who is here; seats that wait are the new place’s', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router, { RESUME_GRACE: '1s' });
    const { room_id, peers, clients } = await roomOf(running, 2);
    const [a, b] = peers as [Peer, Peer];
    const late = newClient();
    await registerAt(running, { room_id, clients: [seatOf(late, 1, 1_000)] });
    running.task.drain();
    await moved(a, b);
    for (const client of [late, clients[0]!]) {
      const peer = await connectTo(running, room_id, client);
      expect(await peer.closed).toEqual({ code: 4503, reason: 'moved' });
    }
    expect(await registerAt(running, { room_id, clients: [seatOf(newClient())] })).toBe('409 stale_epoch');
    expect(await registerAt(running, { room_id, epoch: PLACE.epoch - 1, clients: [seatOf(late)] })).toBe(
      '409 stale_epoch',
    );
    say(a, 'undisturbed');
    expect(await text(b)).toBe('undisturbed');
    expect(running.task.relay.counts.seats_expired).toBe(0);
    await running.task.stop();
    expect(running.task.relay.counts.remove_client.size).toBe(0);
  });

  it('[R63] sends on who has not gone in time to take up the seat there', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router, { CONNECT_TIMEOUT: '2s' });
    const { peers } = await roomOf(running, 2);
    running.task.drain();
    for (const said of await moved(...peers)) expect(said.deadline_ms).toBeLessThanOrEqual(1_334);
    for (const peer of peers) expect(await peer.closed).toEqual({ code: 4503, reason: 'moved' });
    await running.task.stopped;
  });

  it('[R66] ends the sockets of a raw room as soon as it has moved', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    const { peers } = await roomOf(running, 2, 'anteroom.raw.v1');
    running.task.drain();
    for (const peer of peers) {
      expect(await peer.closed).toEqual({ code: 4503, reason: 'moved' });
      await expect(peer.next(), 'it was told nothing').rejects.toThrow('closed');
    }
    await running.task.stopped;
  });

  it('[R62] [R67] serves a room that finds no place until the deadline, joins and breaks included', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router, { DRAIN_DEADLINE: '2s' });
    const { room_id, peers, clients } = await roomOf(running, 2);
    const [a, b] = peers as [Peer, Peer];
    const answers = [503, 404, 409, 0, 500];
    router.migrate = () => answers.shift() ?? 503;
    running.task.drain();
    for (const peer of peers) expect((await peer.control('draining')).deadline_ms).toBe(2_000);
    const c = newClient();
    expect(await registerAt(running, { room_id, clients: [seatOf(c)] })).toBe('registered');
    const third = await connectTo(running, room_id, c);
    await third.welcomed();
    expect((await third.control('draining')).deadline_ms).toBeLessThanOrEqual(2_000);
    for (const peer of [a, b]) await peer.control('joined');
    b.ws.terminate();
    for (const peer of [a, third]) {
      expect(await peer.control('left')).toEqual(left(b, clients[1]!, 'resuming'));
    }
    const again = await connectTo(running, room_id, clients[1]!);
    await again.welcomed();
    for (const peer of [a, third]) await peer.control('joined');
    for (const peer of [a, third, again]) {
      expect(await peer.closed).toEqual({ code: 4503, reason: 'draining' });
    }
    await running.task.stopped;
    const { counts } = running.task.relay;
    expect(counts.migrate_room.get('refused')).toBeGreaterThan(3);
    expect(counts.migrate_room.get('unreachable')).toBe(1);
    expect(counts.rooms_moved).toBe(0);
  });

  it('asks the router what became of a room that it does not find, and sends its clients away if it is gone', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    const { room_id, peers } = await roomOf(running, 1);
    router.migrate = () => {
      router.put_answer = { not_owned: [{ room_id, epoch: 1 }] };
      return 404;
    };
    running.task.drain();
    await peers[0]!.control('draining');
    expect(await peers[0]!.closed).toEqual({ code: 4404, reason: 'gone' });
    await running.task.stopped;
  });

  it('sends nobody away for a heartbeat that says before migrate-room does that the room has moved', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    const { room_id, peers } = await roomOf(running, 2);
    const [a, b] = peers as [Peer, Peer];
    await router.asked.next();
    const answer = Promise.withResolvers<object>();
    router.put_answers.push(answer.promise);
    const migrated = Promise.withResolvers<typeof PLACE>();
    router.migrate = () => migrated.promise;
    running.task.drain();
    expect((await router.asked.next()).rooms).toEqual([{ room_id, epoch: 1 }]);
    answer.resolve({ not_owned: [{ room_id, epoch: 1, moved_to: PLACE }] });
    // Nobody is sent there before the seats are registered, which the answer to migrate-room says.
    for (const peer of [a, b]) await peer.control('draining');
    await router.puts.nextThat(({ request }) => request.rooms.length === 1);
    expect(running.task.relay.counts.rooms_moved).toBe(0);
    migrated.resolve(PLACE);
    for (const peer of [a, b]) {
      expect(await peer.control('moved')).toMatchObject({ ...PLACE, reason: 'drain' });
    }
    await router.migrations.next();
    say(a, 'one move');
    expect(await text(b)).toBe('one move');
    await running.task.stop();
    expect(running.task.relay.counts.rooms_moved).toBe(1);
  });

  it('gives up the seat of who left just before at the new place, where it may be kept since', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    const { room_id, peers, clients } = await roomOf(running, 2);
    router.remove_answers.push(503, 503, 503, 503);
    const migrated = Promise.withResolvers<typeof PLACE>();
    router.migrate = () => migrated.promise;
    running.task.drain();
    for (const peer of peers) await peer.control('draining');
    peers[0]!.send('{"type":"leave"}');
    expect((await router.removals.next()).request.epoch).toBe(1);
    migrated.resolve(PLACE);
    const { request } = await router.removals.nextThat((removal) => removal.request.epoch === PLACE.epoch);
    expect(request).toEqual({ room_id, epoch: PLACE.epoch, client_id: clients[0]!.client_id, generation: 1 });
    await running.task.stop();
  });

  it('moves many rooms at once, but only so many, and ends at once where there is none', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    for (let i = 0; i < 30; i++) {
      await registerAt(running, { room_id: newRoomId(), clients: [seatOf(newClient())] });
    }
    let under_way = 0;
    let most = 0;
    router.migrate = async () => {
      most = Math.max(most, ++under_way);
      await new Promise((resolve) => setImmediate(resolve));
      under_way--;
      return PLACE;
    };
    running.task.drain();
    await running.task.stopped;
    expect(running.task.relay.counts.rooms_moved).toBe(30);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);

    await using empty = await startCalm(router);
    expect(empty.task.drain().rooms).toBe(0);
    await empty.task.stopped;
    expect(empty.task.drain(), 'it has ended').toEqual({ rooms: 0, deadline_ms: expect.any(Number) });
  });

  it('begins once, whoever asks: the time that is left is told', async () => {
    await using router = await startDrainRouter();
    await using running = await startCalm(router);
    router.migrate = () => 503;
    const { peers } = await roomOf(running, 1);
    running.task.drain();
    await peers[0]!.control('draining');
    const { status, body } = await callTask(portOf(running), 'POST', '/drain');
    expect([status, body['rooms']]).toEqual([202, 1]);
    const forged = await callTask({ ...portOf(running), task_id: 'another' }, 'POST', '/drain');
    expect(forged.status).toBe(409);
    peers[0]!.send('{"type":"leave"}');
    await running.task.stopped;
    expect(running.task.relay.counts.remove_client.get('removed')).toBe(1);
  });
});
