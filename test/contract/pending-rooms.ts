/** The rules of rooms that wait for a task, whatever store they run on. */
import { describe, expect, it } from 'vitest';
import { requestKey } from '../../shared/domain/idempotency.ts';
import { emptyMemory } from '../../shared/domain/scaling-types.ts';
import { StoreBusy, type RoomStore } from '../../shared/ports/room-store.ts';
import type { Grant } from '../../shared/protocol/api.ts';
import { createRoom } from '../../shared/use-cases/create-room.ts';
import { joinRoom } from '../../shared/use-cases/join-room.ts';
import { placePending } from '../../shared/use-cases/place-pending.ts';
import { rehomeRoom } from '../../shared/use-cases/rehome-room.ts';
import { removeClient } from '../../shared/use-cases/remove-client.ts';
import { resumeClient } from '../../shared/use-cases/resume-client.ts';
import { updateTasks } from '../../shared/use-cases/update-tasks.ts';
import { connect, connectedRoom, granted, makeWorld, refused, type World } from '../support/world.ts';

export interface PendingStore {
  store: RoomStore;
  /** What does not fit together in it, as sentences. */
  breaches: () => Promise<string[]>;
}

const LIMIT_MS = 60_000;
const KEY = requestKey('a key of a client and no other', 'POST /create-room', {});

/** Every seat that a task was told of, by room. */
const registered = (world: World): Map<string, string[]> => {
  const seats = new Map<string, string[]>();
  for (const task of world.tasks.values()) {
    for (const [room_id, { clients }] of task.rooms) {
      seats.set(room_id, [...(seats.get(room_id) ?? []), ...clients.keys()]);
    }
  }
  return seats;
};

/** `crowd` scales how many callers race: 1 is the full size. */
export function pendingRoomsContract(name: string, make: () => Promise<PendingStore>, crowd = 1): void {
  const start = async (settings: Record<string, string> = {}, seed = 1) => {
    const { store, breaches } = await make();
    const env = {
      MAX_TASKS: '10',
      PENDING_LIMIT: '1m',
      CONTROL_URL: 'wss://control.example/prod',
      ...settings,
    };
    const world = await makeWorld(env, { store, seed, yielding: true, start: Date.now() });
    return { world, breaches };
  };
  const resume = ({ deps }: World, { room_id, client_id, ticket }: Grant) =>
    resumeClient(deps, { room_id, client_id, ticket });

  describe(`rooms that wait for a task, ${name}`, { timeout: 60_000 }, () => {
    it('are created where no task has a place, and have one come', async () => {
      const { world, breaches } = await start();
      const grant = await granted(createRoom(world.deps, { max_clients: 3 }));
      expect(grant).toEqual({
        room_id: expect.stringMatching(/^\d{5}$/) as string,
        client_id: expect.any(String) as string,
        ticket: expect.stringMatching(/^[\w-]{43}$/) as string,
        max_clients: 3,
        state: 'pending',
        epoch: world.now(),
        expires_at: world.now() + LIMIT_MS,
        control_url: 'wss://control.example/prod',
      });
      expect(world.wakes).toBe(1);
      expect(await world.store.countPending('relay')).toBe(1);
      expect(await breaches()).toEqual([]);
    });

    it('are given the task that comes, with everybody in them, who keep their ids and tickets', async () => {
      const { world, breaches } = await start();
      const first = await granted(createRoom(world.deps, { max_clients: 2 }));
      const second = await granted(joinRoom(world.deps, first));
      expect([second.state, second.url, second.expires_at]).toEqual(['pending', undefined, first.expires_at]);
      expect((await refused(joinRoom(world.deps, first))).code).toBe('room_full');
      world.advance(40_000);
      const task = await world.addTask('a');
      expect([...task.rooms.get(first.room_id)!.clients.keys()].toSorted()).toEqual(
        [first.client_id, second.client_id].toSorted(),
      );
      expect(await world.store.countPending('relay')).toBe(0);
      for (const grant of [first, second]) {
        const resumed = await granted(resume(world, grant));
        expect(resumed).toMatchObject({
          state: 'open',
          url: task.url,
          client_id: grant.client_id,
          ticket: grant.ticket,
          epoch: first.epoch + 1,
        });
        await connect(world, resumed);
      }
      // From now on it lives as any other room does.
      const room = (await world.store.getRoom(first.room_id))!;
      expect(room.expires_at).toBe(room.placed_at + world.deps.policy.ROOM_TTL);
      expect(await breaches()).toEqual([]);
    });

    it('are not offered to the tasks that have just failed them', async () => {
      const { world, breaches } = await start();
      for (const id of ['a', 'b']) (await world.addTask(id)).behaviour = 'failing';
      const asked: string[] = [];
      const tasks = new Proxy(world.deps.tasks, {
        get(target, name) {
          if (name !== 'register') return Reflect.get(target, name) as unknown;
          return (...call: Parameters<typeof target.register>) => {
            asked.push(call[0].task_id);
            return target.register(...call);
          };
        },
      });
      expect((await granted(createRoom({ ...world.deps, tasks }, {}))).state).toBe('pending');
      expect(asked.sort()).toEqual(['a', 'b']);
      expect(world.wakes).toBe(1);
      expect(await breaches()).toEqual([]);
    });

    it('have a task come also where it is not known whether they have a place by now', async () => {
      const { world } = await start();
      const store = new Proxy(world.store, {
        get(target, name) {
          if (name === 'placementCandidates' && world.wakes === 0 && waits) throw new StoreBusy('just now');
          if (name === 'createPendingRoom') waits = true;
          return Reflect.get(target, name) as unknown;
        },
      });
      let waits = false;
      await expect(createRoom({ ...world.deps, store }, {})).rejects.toThrow(StoreBusy);
      expect(world.wakes).toBe(1);
      expect(await world.store.countPending('relay')).toBe(1);
    });

    it('are not made where the client does not want to wait, or the fleet does not grow', async () => {
      const { world } = await start();
      expect((await refused(createRoom(world.deps, { wait: false }))).code).toBe('no_task_available');
      expect(world.wakes).toBe(1);
      const memory = { ...emptyMemory(), may_grow: false };
      expect(await world.store.putScaling('relay', memory, 0)).toBe(true);
      expect((await refused(createRoom(world.deps, {}))).code).toBe('no_task_available');
      expect(await world.store.countPending('relay')).toBe(0);
    });

    it('are given again to the same request, and are one', async () => {
      const { world, breaches } = await start({ MAX_ROOMS: '2', ROOM_ID_DIGITS: '4' });
      const first = await granted(createRoom(world.deps, {}, KEY));
      expect(await granted(createRoom(world.deps, {}, KEY))).toEqual(first);
      const many = await Promise.all(Array.from({ length: 4 }, () => createRoom(world.deps, {}, KEY)));
      for (const outcome of many) expect(outcome).toEqual({ ok: true, value: first });
      const other = requestKey('a key of a client and no other', 'POST /create-room', { max_clients: 3 });
      expect((await refused(createRoom(world.deps, { max_clients: 3 }, other))).code).toBe(
        'idempotency_key_reused',
      );
      await world.addTask('a');
      const { client_id, ticket } = first;
      expect(await granted(createRoom(world.deps, {}, KEY))).toMatchObject({
        state: 'open',
        client_id,
        ticket,
      });
      await granted(createRoom(world.deps, {}));
      expect((await refused(createRoom(world.deps, {}))).code).toBe('rooms_exhausted');
      expect(await breaches()).toEqual([]);
    });

    it('give a joiner with a key one seat', async () => {
      const { world, breaches } = await start();
      const first = await granted(createRoom(world.deps, {}));
      const join = () => joinRoom(world.deps, first, { key: KEY });
      const seats = await Promise.all(Array.from({ length: 4 }, join));
      expect(new Set(seats.map((seat) => seat.ok && seat.value.client_id)).size).toBe(1);
      await world.addTask('a');
      expect((await granted(join())).state).toBe('open');
      expect((await world.store.getRoom(first.room_id))!.clients).toBe(2);
      expect(await breaches()).toEqual([]);
    });

    it('stay as they are while their clients ask, and take a place that has become free', async () => {
      const { world, breaches } = await start();
      const task = await world.addTask('a', { room_capacity: 1 });
      const open = await connectedRoom(world);
      const waiting = await granted(createRoom(world.deps, {}));
      expect(await granted(resume(world, waiting))).toEqual(waiting);
      const { client } = await world.store.getRoomAndClient(waiting.room_id, waiting.client_id);
      expect(client!.generation).toBe(1);
      const { room_id, epoch, client_id } = open;
      await removeClient(world.deps, { room_id, epoch, client_id, generation: 1 });
      expect(await granted(resume(world, waiting))).toMatchObject({ state: 'open', url: task.url });
      await connect(world, await granted(resume(world, waiting)));
      expect(await breaches()).toEqual([]);
    });

    it('are given up when their time is over, with every seat and count', async () => {
      const { world, breaches } = await start({ MAX_ROOMS: '1', ROOM_ID_DIGITS: '4' });
      const grant = await granted(createRoom(world.deps, {}));
      await granted(joinRoom(world.deps, grant));
      world.advance(LIMIT_MS - 1);
      expect((await granted(resume(world, grant))).state).toBe('pending');
      expect(await updateTasks(world.deps)).toMatchObject({ kind: 'swept', faults: 0 });
      expect(await world.store.countPending('relay')).toBe(1);
      world.advance(1);
      expect((await refused(resume(world, grant))).code).toBe('room_not_found');
      expect((await refused(joinRoom(world.deps, grant))).code).toBe('room_not_found');
      world.fleetFails = true;
      // Whatever the fleet's API does.
      expect(await updateTasks(world.deps)).toEqual({ kind: 'fleet_unavailable' });
      expect(await world.store.countPending('relay')).toBe(0);
      expect(await world.store.getRoomWithClients(grant.room_id)).toBeUndefined();
      expect((await granted(createRoom(world.deps, {}))).state).toBe('pending');
      expect(await breaches()).toEqual([]);
    });

    it('are placed in the order in which they came', async () => {
      const { world } = await start();
      const grants = [];
      for (let n = 0; n < 6; n++) {
        world.advance(1_000);
        grants.push(await granted(createRoom(world.deps, {})));
      }
      const task = await world.addTask('a', { room_capacity: 2 });
      expect([...task.rooms.keys()].toSorted()).toEqual(
        grants
          .slice(0, 2)
          .map(({ room_id }) => room_id)
          .toSorted(),
      );
      expect(await placePending(world.deps, 'relay')).toEqual({ placed: 0, expired: 0, faults: 0 });
      const more = await world.addTask('b', { room_capacity: 10 });
      expect(more.rooms.size).toBe(4);
    });

    it('are re-homed from a task that died before it knew them', async () => {
      const { world, breaches } = await start();
      const grant = await granted(createRoom(world.deps, {}));
      const b = await world.addTask('b', { room_capacity: 0 });
      const { tasks } = world.deps;
      const dies: typeof tasks.register = async (task, request) => {
        world.deps.tasks = tasks;
        world.tasks.get('a')!.behaviour = 'unreachable';
        await world.heartbeat(b, { room_capacity: 5 });
        return tasks.register(task, request);
      };
      world.deps.tasks = { ...tasks, register: dies };
      await world.addTask('a');
      expect([...b.rooms.keys()]).toEqual([grant.room_id]);
      expect(await granted(resume(world, grant))).toMatchObject({ url: b.url, epoch: grant.epoch + 2 });
      expect(await breaches()).toEqual([]);
    });

    it('whose task has not taken them are registered when their clients come', async () => {
      const { world, breaches } = await start();
      const grant = await granted(createRoom(world.deps, {}));
      const { tasks } = world.deps;
      world.deps.tasks = { ...tasks, register: async () => ({ kind: 'failed', status: 500 }) };
      const task = await world.addTask('a');
      expect(task.rooms.size).toBe(0);
      world.deps.tasks = tasks;
      expect(await granted(resume(world, grant))).toMatchObject({ state: 'open', url: task.url });
      expect(registered(world).get(grant.room_id)).toEqual([grant.client_id]);
      expect(await breaches()).toEqual([]);
    });

    it('do not speak against a task that has not taken them: their clients were never there', async () => {
      const { world, breaches } = await start();
      const first = await granted(createRoom(world.deps, { max_clients: 3 }));
      const crowd = [
        first,
        await granted(joinRoom(world.deps, first)),
        await granted(joinRoom(world.deps, first)),
      ];
      const { tasks } = world.deps;
      world.deps.tasks = { ...tasks, register: async () => ({ kind: 'silent' }) };
      world.advance(1_000);
      const task = await world.addTask('a');
      await world.addTask('b');
      for (const grant of crowd) {
        expect((await refused(resume(world, grant))).code).toBe('no_task_available');
      }
      expect((await world.store.getRoom(first.room_id))!.url).toBe(task.url);
      // Who was refused there, and comes again, has waited for it.
      expect(await granted(resume(world, first)).catch(() => 'moved on')).toBe('moved on');
      expect((await world.store.getRoom(first.room_id))!.url).not.toBe(task.url);
      world.deps.tasks = tasks;
      for (const grant of crowd) expect((await granted(resume(world, grant))).state).toBe('open');
      expect(await breaches()).toEqual([]);
    });

    it('are placed once each, and never too many, however many are created and looked after at once', async () => {
      const rooms = Math.ceil(200 * crowd);
      const most = Math.ceil(150 * crowd);
      const { world, breaches } = await start({ MAX_ROOMS: String(most) });
      const outcomes = await Promise.all(Array.from({ length: rooms }, () => createRoom(world.deps, {})));
      const grants = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
      expect(grants).toHaveLength(most);
      expect(new Set(grants.map(({ room_id }) => room_id)).size).toBe(most);
      expect(await world.store.countPending('relay')).toBe(most);

      // Tasks for two thirds of them come up at once, while others ask, join, and look.
      const capacity = Math.ceil(most / 6);
      const each = <T>(step: number, run: (grant: Grant) => Promise<T>) =>
        grants.filter((_, n) => n % step === 0).map(run);
      await Promise.all([
        ...['a', 'b', 'c', 'd'].map((id) => world.addTask(id, { room_capacity: capacity })),
        placePending(world.deps, 'relay'),
        placePending(world.deps, 'relay'),
        ...each(10, (grant) => resume(world, grant)),
        ...each(15, (grant) => joinRoom(world.deps, grant)),
      ]);
      await placePending(world.deps, 'relay');
      const placed = registered(world);
      expect(placed.size).toBe(4 * capacity);
      expect(await world.store.countPending('relay')).toBe(most - 4 * capacity);
      for (const task of world.tasks.values()) expect(task.rooms.size).toBeLessThanOrEqual(capacity);

      await world.addTask('e', { room_capacity: most });
      await placePending(world.deps, 'relay');
      expect(await world.store.countPending('relay')).toBe(0);
      const seats = registered(world);
      expect([...seats.keys()].toSorted()).toEqual(grants.map(({ room_id }) => room_id).toSorted());
      for (const { room_id, client_id } of grants) {
        // On one task, once.
        expect(seats.get(room_id)!.filter((id) => id === client_id)).toHaveLength(1);
        const rows = (await world.store.getRoomWithClients(room_id))!;
        expect(rows.clients.map((client) => client.client_id).toSorted()).toEqual(
          seats.get(room_id)!.toSorted(),
        );
      }
      expect((await refused(createRoom(world.deps, {}))).code).toBe('rooms_exhausted');
      expect(await breaches()).toEqual([]);
    });
  });

  describe(`the backup task, ${name}`, { timeout: 60_000 }, () => {
    const BACKUP = { BACKUP_TASK: 'backup', MAX_TASKS: '0' };

    it('serves only when no other can', async () => {
      const { world, breaches } = await start(BACKUP);
      const backup = await world.addTask('backup', { room_capacity: 1 });
      const task = await world.addTask('a', { room_capacity: 3 });
      const creates = Array.from({ length: 3 }, () => createRoom(world.deps, {}));
      for (const outcome of await Promise.all(creates))
        expect(outcome.ok && outcome.value.url).toBe(task.url);
      expect((await granted(createRoom(world.deps, {}))).url).toBe(backup.url);
      expect((await refused(createRoom(world.deps, {}))).code).toBe('no_task_available');
      expect(await breaches()).toEqual([]);
    });

    it('serves no room that may wait for the fleet to grow, unless its client does not want to', async () => {
      const { world } = await start({ BACKUP_TASK: 'backup' });
      const backup = await world.addTask('backup');
      const waiting = await granted(createRoom(world.deps, {}));
      expect(waiting.state).toBe('pending');
      expect(await granted(createRoom(world.deps, { wait: false }))).toMatchObject({ url: backup.url });
      expect((await granted(resume(world, waiting))).state).toBe('pending');
    });

    it('takes the rooms of a dead task that have no other place', async () => {
      const { world, breaches } = await start(BACKUP);
      const backup = await world.addTask('backup');
      const task = await world.addTask('a');
      const grant = await connectedRoom(world);
      task.behaviour = 'unreachable';
      const room = (await world.store.getRoom(grant.room_id))!;
      expect(await rehomeRoom(world.deps, room)).toMatchObject({
        kind: 'rehomed',
        room: { url: backup.url },
      });
      expect(await breaches()).toEqual([]);
    });

    it('is not there for rooms of another kind, nor once its lease has run out', async () => {
      const { world } = await start({ ...BACKUP, KINDS: 'relay,render' });
      await world.addTask('backup');
      expect((await refused(createRoom(world.deps, { kind: 'render' }))).code).toBe('no_task_available');
      world.advance(world.deps.policy.LEASE);
      expect((await refused(createRoom(world.deps, {}))).code).toBe('no_task_available');
    });
  });
}
