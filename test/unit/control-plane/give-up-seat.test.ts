import { describe, expect, it } from 'vitest';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { resumeClient } from '../../../shared/use-cases/resume-client.ts';
import { connectedRoom, granted, makeWorld, refused, type World } from '../../support/world.ts';

/** While the next register is under way, `happens`; then it is not answered. */
function interruptRegister(world: World, happens: () => Promise<unknown>): void {
  const { tasks } = world.deps;
  let first = true;
  world.deps.tasks = {
    ...tasks,
    register: async (address, request) => {
      if (!first) return tasks.register(address, request);
      first = false;
      await happens();
      return { kind: 'silent' };
    },
  };
}

describe('a seat that is given up', () => {
  it('is not left behind where the room was re-homed while it was joined', async () => {
    const world = await makeWorld();
    const first = await world.addTask('a');
    const room = await connectedRoom(world);
    await world.addTask('b');
    interruptRegister(world, async () => {
      first.behaviour = 'unreachable';
      await granted(resumeClient(world.deps, room));
      first.behaviour = 'up';
    });

    expect((await refused(joinRoom(world.deps, room))).code).toBe('no_task_available');
    const rows = await world.store.getRoomWithClients(room.room_id);
    expect(rows?.room.task_id).toBe('b');
    expect(rows?.clients.map(({ client_id }) => client_id)).toEqual([room.client_id]);
  });

  it('is not left behind where somebody else had joined the room, and moved it, while it was created', async () => {
    const world = await makeWorld();
    const first = await world.addTask('a');
    let joined = '';
    interruptRegister(world, async () => {
      const [row] = await world.store.listTaskRooms('a');
      await world.addTask('b');
      first.behaviour = 'unreachable';
      joined = (await granted(joinRoom(world.deps, { room_id: row!.room_id }))).room_id;
    });

    await granted(createRoom(world.deps, {}));
    expect((await world.store.getRoomWithClients(joined))?.clients).toHaveLength(1);
  });
});
