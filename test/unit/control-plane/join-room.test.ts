import { describe, expect, it } from 'vitest';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { resumeClient } from '../../../shared/use-cases/resume-client.ts';
import { updateTasks } from '../../../shared/use-cases/update-tasks.ts';
import { rehomeRoom } from '../../../shared/use-cases/rehome-room.ts';
import { removeClient } from '../../../shared/use-cases/remove-client.ts';
import { storeBreaches } from '../../support/store-invariants.ts';
import { connect, connectedRoom, granted, makeWorld, refused } from '../../support/world.ts';

describe('join-room', () => {
  it('grants another seat in the same place', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world);
    const second = await granted(joinRoom(world.deps, first));
    expect(second).toMatchObject({
      room_id: first.room_id,
      url: first.url,
      epoch: first.epoch,
      max_clients: 4,
    });
    expect(second.client_id).not.toBe(first.client_id);
    expect(second.ticket).not.toBe(first.ticket);
    expect(world.taskOf(first).rooms.get(first.room_id)!.clients.size).toBe(2);
  });

  it('admits exactly 9 of 100 simultaneous joins to a room of 10', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world, 10);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => joinRoom(world.deps, first)));
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(9);
    const refusals = outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.refusal]));
    expect(new Set(refusals.map(({ code, retry_after_s }) => `${code} ${retry_after_s}`))).toEqual(
      new Set(['room_full 10']),
    );
  });

  it('answers the same for an unknown, a closed and an expired room', async () => {
    const world = await makeWorld({ ROOM_TTL: '5m' });
    await world.addTask('a');
    const closed = await granted(createRoom(world.deps, {}));
    await granted(removeClient(world.deps, { ...closed, generation: 1 }));
    const expired = await granted(createRoom(world.deps, {}));
    world.advance(300_001);
    for (const room_id of ['99999', closed.room_id, expired.room_id]) {
      const refusal = await refused(joinRoom(world.deps, { room_id }));
      expect({ ...refusal, detail: refusal.detail.replace(room_id, 'N') }).toEqual({
        code: 'room_not_found',
        detail: 'There is no room N (any more). Check the number, or create a room.',
      });
    }
  });

  it('follows a room that somebody else moves while its task is found dead', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await granted(createRoom(world.deps, {}));
    const other = await world.addTask('b');
    const { tasks } = world.deps;
    world.deps.tasks = {
      ...tasks,
      register: async (address, request) => {
        if (address.task_id !== 'a') return tasks.register(address, request);
        const room = (await world.store.getRoom(first.room_id))!;
        expect((await rehomeRoom(world.deps, room)).kind).toBe('rehomed');
        // The reservation of the first client is over by the rows, not at its new task.
        world.advance(1_000);
        return { kind: 'unreachable' };
      },
    };
    world.advance(59_500);
    await granted(world.heartbeat(other));
    const joined = await granted(joinRoom(world.deps, first));
    expect(joined).toMatchObject({ room_id: first.room_id, url: other.url, epoch: first.epoch + 1 });
  });

  it('finds a room that is extended while it is read, as does a resume', async () => {
    const world = await makeWorld({ ROOM_TTL: '5m' });
    const task = await world.addTask('a');
    const first = await connectedRoom(world);
    const { store } = world;
    const slowly = async <T>(read: Promise<T>): Promise<T> => {
      const found = await read;
      await store.extendRoom(first.room_id, first.epoch, world.now() + 300_000);
      world.advance(2_000);
      return found;
    };
    world.deps.store = {
      ...store,
      getRoom: (room_id) => slowly(store.getRoom(room_id)),
      getRoomAndClient: (room_id, client_id) => slowly(store.getRoomAndClient(room_id, client_id)),
    };
    for (const enter of [() => joinRoom(world.deps, first), () => resumeClient(world.deps, first)]) {
      const { expires_at } = (await store.getRoom(first.room_id))!;
      world.advance(expires_at - world.now() - 1_000);
      await granted(world.heartbeat(task));
      expect(await granted(enter())).toMatchObject({ room_id: first.room_id, epoch: first.epoch });
    }
  });

  it('gives the seat back when the client could not be registered', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world, 2);
    world.taskOf(first).behaviour = 'failing';
    expect((await refused(joinRoom(world.deps, first))).code).toBe('no_task_available');
    world.taskOf(first).behaviour = 'up';
    await granted(joinRoom(world.deps, first));
  });

  it('re-homes the room when nobody answers at its task, and every live client is registered at the new one', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world);
    const other = await world.addTask('b');
    world.taskOf(first).behaviour = 'unreachable';
    const second = await granted(joinRoom(world.deps, first));
    expect(second).toMatchObject({ url: other.url, epoch: first.epoch + 1 });
    expect([...other.rooms.get(first.room_id)!.clients.keys()].sort()).toEqual(
      [first.client_id, second.client_id].sort(),
    );
    expect((await world.store.getTask('a'))?.rooms).toBe(0);
    expect((await world.store.getTask('b'))?.rooms).toBe(1);
  });

  it('closes a room whose task is dead and in which no live client is left', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const abandoned = await granted(createRoom(world.deps, {}));
    await world.addTask('b');
    world.taskOf(abandoned).behaviour = 'unreachable';
    // The reservation is over, though the dead task could not say so.
    world.advance(61_000);
    for (const task of world.tasks.values()) if (task.task_id === 'b') await world.heartbeat(task);
    expect((await refused(joinRoom(world.deps, abandoned))).code).toBe('room_not_found');
    expect(await world.store.getRoom(abandoned.room_id)).toBeUndefined();
    expect((await world.store.getTask('a'))?.rooms).toBe(0);
  });

  it('gives back seats that the task no longer holds before it says that the room is full', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const first = await connectedRoom(world, 2);
    const gone = await granted(joinRoom(world.deps, first));
    world.advance(6_000);
    await connect(world, gone);
    // The task removed it, but its call to the router was lost.
    task.rooms.get(first.room_id)!.clients.delete(gone.client_id);
    world.advance(26_000);
    const third = await granted(joinRoom(world.deps, first));
    expect(third.client_id).not.toBe(gone.client_id);
    expect((await refused(joinRoom(world.deps, first))).code).toBe('room_full');
  });

  it('never gives the seat of a client away that its task says is connected, whatever the row says', async () => {
    const world = await makeWorld();
    const task = await world.addTask('a');
    const first = await connectedRoom(world, 2);
    const second = await granted(joinRoom(world.deps, first));
    // It connected, but the heartbeats that would have said so never arrived.
    task.client(first.room_id, second.client_id).connected = true;
    world.advance(90_000);
    expect((await refused(joinRoom(world.deps, first))).code).toBe('room_full');
    const rows = await world.store.getRoomWithClients(first.room_id);
    expect(rows?.clients.map((client) => client.status)).toEqual(['CONNECTED', 'CONNECTED']);
  });

  it.each([1, 2, 3, 4, 5])(
    'tells nobody "full" of two who join at once when stale seats are free for both (%i)',
    async (seed) => {
      const world = await makeWorld({}, { seed, yielding: true });
      const task = await world.addTask('a');
      const first = await connectedRoom(world, 3);
      const gone = [await granted(joinRoom(world.deps, first)), await granted(joinRoom(world.deps, first))];
      world.advance(6_000);
      for (const grant of gone) await connect(world, grant);
      for (const { client_id } of gone) task.rooms.get(first.room_id)!.clients.delete(client_id);
      world.advance(26_000);
      await Promise.all([granted(joinRoom(world.deps, first)), granted(joinRoom(world.deps, first))]);
      expect((await world.store.getRoom(first.room_id))?.clients).toBe(3);
    },
  );

  it('gives back reservations that are over when there is no task to do it', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world, 2);
    await granted(joinRoom(world.deps, first));
    world.taskOf(first).behaviour = 'unreachable';
    world.advance(61_000);
    const other = await world.addTask('b');
    expect((await granted(joinRoom(world.deps, first))).url).toBe(other.url);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('finds the one task that is well among three (%i)', async (seed) => {
    const world = await makeWorld({}, { seed });
    await world.addTask('a');
    const first = await connectedRoom(world);
    (await world.addTask('b')).behaviour = 'unreachable';
    const well = await world.addTask('c');
    world.taskOf(first).behaviour = 'unreachable';
    expect((await granted(joinRoom(world.deps, first))).url).toBe(well.url);
  });

  it.each(['silent', 'failing'] as const)(
    'goes on at once from a task that is %s when it was re-homed there',
    async (behaviour) => {
      const world = await makeWorld();
      await world.addTask('a');
      const first = await connectedRoom(world);
      const tasks = [await world.addTask('b'), await world.addTask('c')];
      world.taskOf(first).behaviour = 'unreachable';
      // The one that it is re-homed to first.
      const tried: string[] = [];
      const deps = { ...world.deps, tasks: { ...world.deps.tasks } };
      deps.tasks.register = (task, request) => {
        if (tasks.some(({ url }) => url === task.url)) {
          if (tried.length === 0) world.tasks.get(task.task_id)!.behaviour = behaviour;
          tried.push(task.task_id);
        }
        return world.deps.tasks.register(task, request);
      };
      const second = await granted(joinRoom(deps, first));
      expect(tried).toHaveLength(2);
      expect(new Set(tried)).toEqual(new Set(['b', 'c']));
      const served = world.taskOf(second);
      expect(served.task_id).toBe(tried[1]);
      expect([...served.rooms.get(first.room_id)!.clients.keys()]).toEqual([
        first.client_id,
        second.client_id,
      ]);
      expect((await world.store.getRoom(first.room_id))!.epoch).toBe(first.epoch + 2);
      expect(await storeBreaches(world.store)).toEqual([]);
    },
  );

  it('registers everyone, not only itself, when the register of its re-home is repeated', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world);
    const other = await world.addTask('b');
    world.taskOf(first).behaviour = 'unreachable';
    other.behaviour = 'failing-once';
    const second = await granted(joinRoom(world.deps, first));
    expect([...other.rooms.get(first.room_id)!.clients.keys()]).toEqual([first.client_id, second.client_id]);
  });

  it('leaves nobody behind when the register of a re-home failed: the sweep registers whom the task may not know', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const first = await connectedRoom(world);
    const other = await world.addTask('b');
    world.taskOf(first).behaviour = 'unreachable';
    other.behaviour = 'failing';
    expect((await refused(joinRoom(world.deps, first))).code).toBe('no_task_available');
    other.behaviour = 'up';
    const second = await granted(joinRoom(world.deps, first));
    world.advance(26_000);
    await world.heartbeat(other);
    await updateTasks(world.deps);
    expect([...other.rooms.get(first.room_id)!.clients.keys()]).toEqual([second.client_id, first.client_id]);
  });
});
