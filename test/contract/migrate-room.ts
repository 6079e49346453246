/** The rules that `migrateRoom` holds, whatever store it runs on. */
import { describe, expect, it } from 'vitest';
import type { RoomStore } from '../../shared/ports/room-store.ts';
import type { Grant } from '../../shared/protocol/api.ts';
import { joinRoom } from '../../shared/use-cases/join-room.ts';
import { migrateRoom } from '../../shared/use-cases/migrate-room.ts';
import { removeClient } from '../../shared/use-cases/remove-client.ts';
import { rehomeRoom } from '../../shared/use-cases/rehome-room.ts';
import { resumeClient } from '../../shared/use-cases/resume-client.ts';
import type { SimulatedTask } from '../support/simulated-task.ts';
import { connect, connectedRoom, granted, makeWorld, refused, type World } from '../support/world.ts';

export interface MigrateStore {
  store: RoomStore;
  /** What does not fit together in it, as sentences. */
  breaches: () => Promise<string[]>;
}

/** A room of two clients on task `a`, which drains; `b` may take it. */
async function drainingRoom(world: World): Promise<{ a: SimulatedTask; b: SimulatedTask; grants: Grant[] }> {
  const a = await world.addTask('a');
  const first = await connectedRoom(world, 3);
  const second = await granted(joinRoom(world.deps, first));
  await connect(world, second);
  const b = await world.addTask('b');
  await drain(world, a);
  return { a, b, grants: [first, second] };
}

async function drain(world: World, task: SimulatedTask): Promise<void> {
  task.behaviour = 'draining';
  await world.heartbeat(task, { state: 'DRAINING' });
}

const idsAt = (task: SimulatedTask, room_id: string) =>
  [...(task.rooms.get(room_id)?.clients.keys() ?? [])].toSorted();

export function migrateRoomContract(name: string, make: () => Promise<MigrateStore>, seeds: number): void {
  const start = async (seed = 1, settings = {}) => {
    const { store, breaches } = await make();
    const world = await makeWorld(
      { MAX_TASKS: '0', ...settings },
      { store, seed, yielding: true, start: Date.now() },
    );
    return { world, breaches };
  };

  describe(`migrate-room ${name}`, () => {
    it('places the room elsewhere and registers everybody there, with their ids and tickets', async () => {
      const { world, breaches } = await start();
      const { b, grants } = await drainingRoom(world);
      const [{ room_id, epoch }] = grants as [Grant];
      const answer = await granted(migrateRoom(world.deps, 'a', { room_id, epoch }));
      expect(answer).toEqual({ room_id, epoch: epoch + 1, url: b.url });
      expect(idsAt(b, room_id)).toEqual(grants.map(({ client_id }) => client_id).toSorted());
      expect(await world.store.getRoom(room_id)).toMatchObject({
        task_id: 'b',
        epoch: epoch + 1,
        clients: 2,
      });
      expect((await world.store.getTask('a'))?.rooms).toBe(0);
      expect(await granted(resumeClient(world.deps, grants[0]!))).toMatchObject({
        url: b.url,
        ticket: grants[0]!.ticket,
      });
      expect(await breaches()).toEqual([]);
    });

    it('may be asked again, also when it broke off after the move: everybody is registered at the present place', async () => {
      const { world, breaches } = await start();
      const { b, grants } = await drainingRoom(world);
      const [{ room_id, epoch }] = grants as [Grant];
      const { tasks } = world.deps;
      world.deps.tasks = { ...tasks, register: () => Promise.reject(new Error('the function died')) };
      await expect(migrateRoom(world.deps, 'a', { room_id, epoch })).rejects.toThrow('died');
      expect(idsAt(b, room_id)).toEqual([]);
      world.deps.tasks = tasks;
      const place = { room_id, epoch: epoch + 1, url: b.url };
      for (let again = 0; again < 2; again++) {
        expect(await granted(migrateRoom(world.deps, 'a', { room_id, epoch }))).toEqual(place);
      }
      expect(idsAt(b, room_id)).toHaveLength(2);
      expect(await breaches()).toEqual([]);
    });

    it('tries another task when the one that was chosen does not take it', async () => {
      for (const behaviour of ['draining', 'unreachable'] as const) {
        const { world, breaches } = await start();
        const { b, grants } = await drainingRoom(world);
        const [{ room_id, epoch }] = grants as [Grant];
        b.behaviour = behaviour;
        expect((await refused(migrateRoom(world.deps, 'a', { room_id, epoch }))).code).toBe(
          'no_task_available',
        );
        const c = await world.addTask('c');
        const answer = await granted(migrateRoom(world.deps, 'a', { room_id, epoch }));
        expect(answer.url).toBe(c.url);
        expect(idsAt(c, room_id)).toHaveLength(2);
        expect(await breaches()).toEqual([]);
      }
    });

    it('leaves the room where it is when no task has a place, and has the fleet looked at', async () => {
      const { world, breaches } = await start();
      const a = await world.addTask('a');
      const { room_id, epoch } = await connectedRoom(world);
      await drain(world, a);
      const { code, retry_after_s } = await refused(migrateRoom(world.deps, 'a', { room_id, epoch }));
      expect([code, retry_after_s]).toEqual(['no_task_available', 2]);
      expect(world.wakes).toBe(1);
      expect(await world.store.getRoom(room_id)).toMatchObject({ task_id: 'a', epoch });
      expect(await breaches()).toEqual([]);
    });

    it('does not know a room that is gone, that has expired, or that is another of its number', async () => {
      const { world, breaches } = await start();
      await world.addTask('a');
      await world.addTask('b');
      const { room_id, client_id, epoch, url } = await connectedRoom(world);
      const task_id = (await world.store.getRoom(room_id))!.task_id;
      const ask = async (at: number) =>
        (await refused(migrateRoom(world.deps, task_id, { room_id, epoch: at }))).code;
      expect(await ask(epoch - 1), 'of a room before it').toBe('room_not_found');
      world.advance(25 * 3_600_000);
      expect(await ask(epoch)).toBe('room_not_found');
      await removeClient(world.deps, { room_id, client_id, epoch, generation: 1 });
      expect(await ask(epoch)).toBe('room_not_found');
      expect(world.taskOf({ url } as Grant).registers).toHaveLength(1);
      expect(await breaches()).toEqual([]);
    });

    it('does not take a room from a task that was given it anew: its next register or heartbeat tells', async () => {
      const { world, breaches } = await start();
      const { a, grants } = await drainingRoom(world);
      const [{ room_id, epoch }] = grants as [Grant];
      const room = (await world.store.getRoom(room_id))!;
      const b = (await world.store.getTask('b'))!;
      expect((await rehomeRoom(world.deps, room)).kind).toBe('rehomed');
      // By somebody who does not know yet that it drains.
      a.behaviour = 'up';
      a.started_at++;
      await world.heartbeat(a);
      const there = (await world.store.getRoom(room_id))!;
      expect(there.task_id).toBe(b.task_id);
      expect((await rehomeRoom(world.deps, there)).kind).toBe('rehomed');
      expect((await refused(migrateRoom(world.deps, 'a', { room_id, epoch }))).code).toBe('stale_epoch');
      expect(await granted(migrateRoom(world.deps, 'a', { room_id, epoch: epoch + 2 }))).toMatchObject({
        epoch: epoch + 3,
      });
      expect(await breaches()).toEqual([]);
    });

    it.each(Array.from({ length: seeds }, (_, seed) => seed))(
      'comes out whole among migrates, rehomes, joins, resumes and removals at once (seed %i)',
      async (seed) => {
        const { world, breaches } = await start(seed);
        const { grants } = await drainingRoom(world);
        const [first, second] = grants as [Grant, Grant];
        const { room_id, epoch } = first;
        await world.addTask('c');
        const room = (await world.store.getRoom(room_id))!;
        const [one, two, joined, resumed, removed] = await Promise.all([
          migrateRoom(world.deps, 'a', { room_id, epoch }),
          migrateRoom(world.deps, 'a', { room_id, epoch }),
          joinRoom(world.deps, { room_id }),
          resumeClient(world.deps, first),
          removeClient(world.deps, { ...second, epoch, generation: 1 }),
          seed % 2 === 0 ? rehomeRoom(world.deps, room) : undefined,
        ]);
        const present = (await world.store.getRoomWithClients(room_id))!;
        expect(present.room.task_id).not.toBe('a');
        // Whoever moved it, it moved once: nothing was wrong with where it went.
        expect(present.room.epoch).toBe(epoch + 1);
        for (const answer of [one, two]) {
          expect(answer).toEqual({
            ok: true,
            value: { room_id, epoch: present.room.epoch, url: present.room.url },
          });
        }
        expect([joined.ok, resumed.ok, removed.ok]).toEqual([true, true, true]);
        const gone = removed.ok && removed.value.removed;
        expect(present.clients).toHaveLength(gone ? 2 : 3);
        // Everybody who has a seat may connect there.
        const there = world.taskOf(present.room as unknown as Grant);
        const known = idsAt(there, room_id);
        for (const { client_id } of present.clients) expect(known).toContain(client_id);
        expect(await breaches()).toEqual([]);
      },
    );
  });
}
