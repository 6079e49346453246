import { describe, expect, it, vi } from 'vitest';
import { eventually } from '../../support/inbox.ts';
import {
  callTask,
  newClient,
  newRoomId,
  seatOf,
  startTestRelay,
  type Peer,
  type TestRelay,
} from '../../support/relay.ts';

type Two = [Peer, Peer];

/** What `GET /rooms` says of one room. */
async function roomOf(relay: TestRelay, room_id: string) {
  const { body } = await callTask(relay, 'GET', `/rooms?room_id=${room_id}`);
  return (body['rooms'] as ReturnType<TestRelay['relay']['registry']['snapshot']>)[0];
}

async function registerStatus(relay: TestRelay, request: object) {
  const { status, body } = await callTask(relay, 'POST', '/register', request);
  return status === 200 ? 'registered' : `${status} ${String(body['code'])}`;
}

describe('seats', () => {
  it('[R2] [R31] gives a seat away whose client does not connect in time, and says so to the router', async () => {
    await using relay = await startTestRelay();
    const room_id = newRoomId();
    const client = newClient();
    await relay.register(room_id, [], { clients: [seatOf(client, 3, 50)] });
    await eventually(() => relay.removals.length === 1);
    expect(relay.removals).toEqual([{ room_id, epoch: 1, client_id: client.client_id, generation: 3 }]);
    expect((await (await relay.connect(room_id, client)).closed).code).toBe(4401);
    expect(await roomOf(relay, room_id)).toBeUndefined();
  });

  it('[R29] gives a seat away after the grace, with the generation known by then', async () => {
    await using relay = await startTestRelay({ RESUME_GRACE: 400 });
    const { room_id, clients, peers } = await relay.room(1);
    peers[0]!.ws.terminate();
    await eventually(() => relay.relay.registry.clients === 0);
    await relay.register(room_id, [], { clients: [seatOf(clients[0]!, 5, 100)] });
    await eventually(() => relay.removals.length === 1);
    expect(relay.removals[0]).toMatchObject({ client_id: clients[0]!.client_id, generation: 5 });
  });

  it('keeps the seat of a client that resumed at the router until it should have connected', async () => {
    await using relay = await startTestRelay({ RESUME_GRACE: 50 });
    const { room_id, clients, peers } = await relay.room(1);
    await relay.register(room_id, [], { clients: [seatOf(clients[0]!, 2, 60_000)] });
    peers[0]!.ws.terminate();
    await eventually(() => relay.relay.registry.clients === 0);
    const other = await relay.room(1);
    other.peers[0]!.ws.terminate();
    // A grace that began later is over: so would be that of the first.
    await eventually(() => relay.removals.length > 0);
    expect(relay.removals).toMatchObject([{ client_id: other.clients[0]!.client_id }]);
    const again = await relay.connect(room_id, clients[0]!);
    await again.welcomed();
  });

  it('keeps a seat no longer than the connect timeout, whatever the clock of the router says', async () => {
    await using relay = await startTestRelay({ CONNECT_TIMEOUT: 30_000, RESUME_GRACE: 1_000 });
    const room_id = newRoomId();
    // The wait itself is half a minute: only how long it would be is looked at.
    const timers = vi.spyOn(globalThis, 'setTimeout');
    try {
      relay.relay.registry.register({
        room_id,
        created_at: 1,
        epoch: 1,
        max_clients: 2,
        clients: [seatOf(newClient(), 1, 10 * 365 * 24 * 3_600_000)],
      });
      expect(timers.mock.calls.map(([, ms]) => ms)).toEqual([35_000]);
    } finally {
      timers.mockRestore();
    }
  });

  it('[R28] reports a connect of the new generation, and replaces the socket of the old one', async () => {
    await using relay = await startTestRelay();
    const { room_id, clients, peers } = await relay.room(1);
    const { client_id } = clients[0]!;
    await relay.register(room_id, [], { clients: [seatOf(clients[0]!, 2)] });
    expect(peers[0]!.open).toBe(true);
    expect(await roomOf(relay, room_id)).toEqual({
      room_id,
      epoch: 1,
      clients: [{ client_id, generation: 2, connected: true }],
    });
    const again = await relay.connect(room_id, clients[0]!);
    await again.welcomed();
    expect((await peers[0]!.closed).code).toBe(4409);
    expect(relay.connects.map(({ generation }) => generation)).toEqual([1, 2, 2]);
    again.ws.close(1000);
    await eventually(() => relay.removals.length === 1);
    expect(relay.removals).toEqual([{ room_id, epoch: 1, client_id, generation: 2 }]);
  });

  it('[R24] tells the others of a client that is gone without ever having connected here', async () => {
    await using relay = await startTestRelay();
    const { room_id, peers } = await relay.room(1);
    const moved = newClient();
    await relay.register(room_id, [], { clients: [seatOf(moved, 1, 50)] });
    expect(await peers[0]!.control('left')).toMatchObject({ client_id: moved.client_id, reason: 'gone' });
  });

  it('[R30] gives a seat up at once on close code 1000 and keeps it on 1001', async () => {
    await using relay = await startTestRelay({ RESUME_GRACE: 60_000 });
    const { clients, peers } = await relay.room(3);
    peers[0]!.ws.close(1001);
    expect(await peers[2]!.control('left')).toMatchObject({ slot: peers[0]!.slot, reason: 'resuming' });
    peers[1]!.ws.close(1000);
    expect(await peers[2]!.control('left')).toMatchObject({ slot: peers[1]!.slot, reason: 'gone' });
    expect(relay.removals.map(({ client_id }) => client_id)).toEqual([clients[1]!.client_id]);
  });
});

describe('register', () => {
  it('is idempotent', async () => {
    await using relay = await startTestRelay();
    const { room_id, clients, peers } = await relay.room(2);
    const before = await roomOf(relay, room_id);
    const { body } = await callTask(relay, 'POST', '/register', {
      room_id,
      created_at: 1,
      epoch: 1,
      max_clients: 10,
      clients: clients.map((client) => seatOf(client)),
    });
    expect(body).toEqual({ room_id, epoch: 1, clients: 2 });
    expect(await roomOf(relay, room_id)).toEqual(before);
    expect(peers.every(({ open }) => open)).toBe(true);
    expect(relay.connects).toHaveLength(2);
  });

  it('does not go back to an older generation', async () => {
    await using relay = await startTestRelay();
    const room_id = newRoomId();
    const client = newClient();
    await relay.register(room_id, [], { clients: [seatOf(client, 4)] });
    await relay.register(room_id, [], { clients: [seatOf(client, 3)] });
    expect((await roomOf(relay, room_id))?.clients).toMatchObject([{ generation: 4 }]);
  });

  it('refuses an older epoch', async () => {
    await using relay = await startTestRelay();
    const room_id = newRoomId();
    await relay.register(room_id, [newClient()], { epoch: 5 });
    const request = { room_id, created_at: 1, epoch: 4, max_clients: 2, clients: [seatOf(newClient())] };
    expect(await registerStatus(relay, request)).toBe('409 stale_epoch');
    expect((await roomOf(relay, room_id))?.clients).toHaveLength(1);
  });

  it('takes over a newer epoch and sends nobody away, though the request names only some', async () => {
    await using relay = await startTestRelay();
    const { room_id, clients, peers } = await relay.room(2);
    const [a, b] = peers as Two;
    const newcomer = newClient();
    await relay.register(room_id, [clients[0]!, newcomer], { epoch: 2 });
    expect(relay.connects.slice(-2)).toEqual(
      clients.map(({ client_id }) => ({ room_id, epoch: 2, client_id, generation: 1 })),
    );
    const third = await relay.connect(room_id, newcomer);
    expect((await third.welcomed()).clients.map(({ slot }) => slot)).toEqual([a.slot, b.slot]);
    expect(relay.removals).toEqual([]);
    expect((await roomOf(relay, room_id))?.epoch).toBe(2);
  });

  it('[R35] never brings clients of an earlier room of the same number into the new one', async () => {
    await using relay = await startTestRelay();
    const { room_id, peers } = await relay.room(2);
    const newcomer = newClient();
    await relay.register(room_id, [newcomer], { epoch: 2, created_at: 2 });
    for (const peer of peers) expect((await peer.closed).code).toBe(4404);
    const { clients } = await (await relay.connect(room_id, newcomer)).welcomed();
    expect(clients).toEqual([]);
    expect(relay.removals).toEqual([]);
    expect((await roomOf(relay, room_id))?.clients).toHaveLength(1);
  });

  it('[R35] removes who is gone, unless a newer generation is known', async () => {
    await using relay = await startTestRelay();
    const { room_id, clients, peers } = await relay.room(2);
    const [a, b] = peers as Two;
    const gone = (generation: number) => [{ client_id: clients[1]!.client_id, generation }];
    await relay.register(room_id, [], { clients: [seatOf(clients[1]!, 3)] });
    await relay.register(room_id, [], { gone: gone(2) });
    expect((await roomOf(relay, room_id))?.clients).toHaveLength(2);
    await relay.register(room_id, [], { gone: gone(3) });
    expect((await b.closed).code).toBe(4404);
    expect(await a.control('left')).toMatchObject({ slot: b.slot, reason: 'gone' });
    expect(relay.removals).toEqual([]);
  });

  it('forgets a room without seats, and takes none up', async () => {
    await using relay = await startTestRelay();
    const { room_id, clients } = await relay.room(1);
    const gone = [{ client_id: clients[0]!.client_id, generation: 1 }];
    await relay.register(room_id, [], { gone });
    await relay.register(newRoomId(), [], { gone });
    expect((await callTask(relay, 'GET', '/rooms')).body['rooms']).toEqual([]);
  });

  it('refuses new rooms at its capacity and while draining, but serves those that it has', async () => {
    await using relay = await startTestRelay({ ROOM_CAPACITY: 1 });
    const room_id = newRoomId();
    await relay.register(room_id, [newClient()]);
    const request = {
      room_id: newRoomId(),
      created_at: 1,
      epoch: 1,
      max_clients: 2,
      clients: [seatOf(newClient())],
    };
    expect(await registerStatus(relay, request)).toBe('503 no_task_available');
    relay.relay.registry.drain();
    expect(await registerStatus(relay, request)).toBe('503 task_draining');
    expect(await registerStatus(relay, { ...request, room_id })).toBe('registered');
    expect([...relay.relay.counts.registers]).toEqual([
      ['registered', 2],
      ['no_task_available', 1],
      ['task_draining', 1],
    ]);
  });
});

describe('a room that the router took away', () => {
  const moved_to = { url: 'ws://203.0.113.9:5001', epoch: 2 };

  it('[R26] [R34] tells its v1 clients where it is, then closes 4503', async () => {
    await using relay = await startTestRelay({ RESUME_GRACE: 100 }, { moved_close: 50 });
    const { room_id, peers } = await relay.room(2);
    relay.relay.registry.disown({ room_id, epoch: 1, moved_to });
    for (const peer of peers) {
      expect(await peer.control('moved')).toEqual({ type: 'moved', ...moved_to, reason: 'rehomed' });
      expect(await peer.closed).toEqual({ code: 4503, reason: 'moved' });
    }
    expect(await roomOf(relay, room_id)).toBeUndefined();
    const other = await relay.room(1);
    other.peers[0]!.ws.terminate();
    // A grace that began later is over.
    await eventually(() => relay.removals.length > 0);
    expect(relay.removals, 'the seats are the new task’s').toMatchObject([{ room_id: other.room_id }]);
  });

  it('[R26] gives up the seats at the new place of those who leave before they are sent away', async () => {
    await using relay = await startTestRelay({}, { moved_close: 60_000 });
    const { room_id, clients, peers } = await relay.room(3);
    const [a, b, c] = peers as [Peer, Peer, Peer];
    relay.relay.registry.disown({ room_id, epoch: 1, moved_to });
    a.ws.terminate();
    await eventually(() => relay.relay.sockets() === 2);
    b.send('{"type":"leave"}');
    expect((await b.closed).code).toBe(1000);
    c.ws.close(1000);
    await eventually(() => relay.removals.length === 2);
    expect(relay.removals).toEqual(
      [clients[1]!, clients[2]!].map(({ client_id }) => ({ room_id, epoch: 2, client_id, generation: 1 })),
    );
  });

  it('[R34] closes its raw clients with 4503 directly', async () => {
    await using relay = await startTestRelay({}, { moved_close: 60_000 });
    const { room_id, peers } = await relay.room(1, 'anteroom.raw.v1');
    relay.relay.registry.disown({ room_id, epoch: 1, moved_to });
    expect(await peers[0]!.closed).toEqual({ code: 4503, reason: 'moved' });
  });

  it('[R34] closes 4404 if it is nowhere any more', async () => {
    await using relay = await startTestRelay();
    const v1 = await relay.room(1);
    const raw = await relay.room(1, 'anteroom.raw.v1');
    for (const { room_id, peers } of [v1, raw]) {
      relay.relay.registry.disown({ room_id, epoch: 1 });
      expect((await peers[0]!.closed).code).toBe(4404);
    }
  });

  it('does not come back by a late register, only at a newer epoch', async () => {
    await using relay = await startTestRelay();
    const { room_id, clients } = await relay.room(1);
    relay.relay.registry.disown({ room_id, epoch: 1, moved_to });
    const request = { room_id, created_at: 1, epoch: 1, max_clients: 2, clients: [seatOf(clients[0]!)] };
    expect(await registerStatus(relay, request)).toBe('409 stale_epoch');
    expect(await registerStatus(relay, { ...request, epoch: 3 })).toBe('registered');
  });

  it('stays if it has come back at a newer epoch meanwhile', async () => {
    await using relay = await startTestRelay();
    const { room_id, clients, peers } = await relay.room(1);
    await relay.register(room_id, clients, { epoch: 3 });
    relay.relay.registry.disown({ room_id, epoch: 1, moved_to });
    expect(peers[0]!.open).toBe(true);
    expect((await roomOf(relay, room_id))?.epoch).toBe(3);
  });
});
