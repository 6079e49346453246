import { describe, expect, it } from 'vitest';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { updateTasks } from '../../../shared/use-cases/update-tasks.ts';
import { storeBreaches } from '../../support/store-invariants.ts';
import { connectedRoom, granted, makeWorld } from '../../support/world.ts';

describe('a room of a dead task', () => {
  it('is re-homed without the seats whose reservation is over', async () => {
    const world = await makeWorld();
    const dead = await world.addTask('a');
    const room = await connectedRoom(world);
    const late = await granted(joinRoom(world.deps, { room_id: room.room_id }));
    const other = await world.addTask('b');
    dead.behaviour = 'unreachable';
    world.fleet.set('arn:a', 'stopped');
    world.advance(61_000);
    await granted(world.heartbeat(other));

    expect(await updateTasks(world.deps)).toMatchObject({ kind: 'swept', pruned: 1 });
    const rows = await world.store.getRoomWithClients(room.room_id);
    expect(rows?.room).toMatchObject({ task_id: 'b', clients: 1 });
    expect(rows?.clients.map(({ client_id }) => client_id)).toEqual([room.client_id]);
    expect(other.rooms.get(room.room_id)?.clients.has(late.client_id)).toBe(false);
    expect(await storeBreaches(world.store, { room_ids: [room.room_id] })).toEqual([]);
  });
});
