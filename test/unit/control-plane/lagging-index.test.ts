/** Indexes of DynamoDB lag behind its tables: what has just been written may not be found by them yet. */
import { describe, expect, it } from 'vitest';
import { memoryRoomStore } from '../../../shared/adapters/memory/store.ts';
import type { RoomStore } from '../../../shared/ports/room-store.ts';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { ScaledWorld } from '../../support/scaled-world.ts';
import { granted, makeWorld } from '../../support/world.ts';

/** A store whose index of tasks with a place is behind all that is done. */
const lagging = (store: RoomStore): RoomStore =>
  new Proxy(store, {
    get: (target, name: keyof RoomStore) => (name === 'placementCandidates' ? async () => [] : target[name]),
  });

describe('rooms that wait, while the index of tasks lags behind', () => {
  it('are placed on the task that registers, as many as it takes', async () => {
    const world = await makeWorld({ MAX_TASKS: '10' }, { store: lagging(memoryRoomStore()) });
    for (let n = 0; n < 3; n++) await granted(createRoom(world.deps, {}));
    const task = await world.addTask('a', { room_capacity: 2 });
    expect(task.rooms.size).toBe(2);
    expect(await world.store.countPending('relay')).toBe(1);
  });

  it('are not placed on the backup task', async () => {
    const settings = { MAX_TASKS: '10', BACKUP_TASK: 'backup' };
    const world = await makeWorld(settings, { store: lagging(memoryRoomStore()) });
    await granted(createRoom(world.deps, {}));
    await world.addTask('backup');
    expect(await world.store.countPending('relay')).toBe(1);
  });

  it('are placed on the task that is taken back from STANDBY', async () => {
    const scene = await ScaledWorld.begin(memoryRoomStore());
    await scene.run();
    const [first] = await scene.boot();
    const task = (await scene.store.getTask(first!))!;
    await scene.store.setTaskState(task, 'READY', 'STANDBY', scene.world.now());
    await scene.rooms(11);
    expect(await scene.pending()).toBe(1);
    scene.replace('placementCandidates', async () => []);
    await scene.run();
    expect(await scene.pending()).toBe(0);
  });
});
