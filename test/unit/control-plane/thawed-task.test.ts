/** What a task that stood still says when it goes on harms nothing that happened meanwhile. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Grant } from '../../../shared/protocol/api.ts';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { removeClient } from '../../../shared/use-cases/remove-client.ts';
import { resumeClient } from '../../../shared/use-cases/resume-client.ts';
import { updateTasks } from '../../../shared/use-cases/update-tasks.ts';
import type { SimulatedTask } from '../../support/simulated-task.ts';
import { storeBreaches } from '../../support/store-invariants.ts';
import { connect, connectedRoom, granted, makeWorld, type World } from '../../support/world.ts';

describe('a task that stood still', () => {
  let world: World;
  let task: SimulatedTask;
  let other: SimulatedTask;
  let first: Grant;
  let second: Grant;

  beforeEach(async () => {
    world = await makeWorld();
    task = await world.addTask('a');
    first = await connectedRoom(world);
    second = await granted(joinRoom(world.deps, first));
    await connect(world, second);
    other = await world.addTask('b');
    task.behaviour = 'silent';
  });

  const rows = async () => (await world.store.getRoomWithClients(first.room_id))!;
  const seats = async () =>
    (await rows()).clients.map(({ client_id, generation }) => [client_id, generation]);

  /** Both clients notice and resume until they are elsewhere; then the task goes on. */
  async function moved(): Promise<void> {
    world.advance(12_000);
    await resumeClient(world.deps, first);
    await granted(resumeClient(world.deps, first));
    await granted(resumeClient(world.deps, second));
    for (const grant of [first, second]) await connect(world, { ...grant, url: other.url });
    world.advance(8_000);
    task.behaviour = 'up';
  }

  it('gives up seats of the old place in vain, at whatever generation', async () => {
    await moved();
    const before = await rows();
    expect(before.room).toMatchObject({ task_id: 'b', epoch: first.epoch + 1, clients: 2 });
    for (const { client_id, generation } of before.clients) {
      for (const late of [1, generation]) {
        const removal = { room_id: first.room_id, epoch: first.epoch, client_id, generation: late };
        expect(await granted(removeClient(world.deps, removal))).toEqual({ removed: false });
      }
    }
    expect(await rows()).toEqual(before);
  });

  it('gives up seats in vain whose clients have resumed, though nothing was moved', async () => {
    // There was no other task to move to.
    other.behaviour = 'unreachable';
    world.advance(12_000);
    for (const grant of [first, second]) await resumeClient(world.deps, grant);
    const { clients, room } = await rows();
    expect(room.clients).toBe(2);
    const known = task.client(first.room_id, first.client_id).generation;
    const removal = { room_id: first.room_id, epoch: room.epoch, client_id: first.client_id };
    expect(await granted(removeClient(world.deps, { ...removal, generation: known }))).toEqual({
      removed: false,
    });
    expect(await seats()).toEqual(clients.map(({ client_id, generation }) => [client_id, generation]));
  });

  it('is told of every room that was moved, and reports connects of the old place in vain', async () => {
    await moved();
    const before = await rows();
    const connects = before.clients.map(({ client_id, generation }) => ({
      room_id: first.room_id,
      epoch: first.epoch,
      client_id,
      generation,
    }));
    world.advance(1_000);
    expect((await granted(world.heartbeat(task, { connects }))).not_owned).toEqual([
      {
        room_id: first.room_id,
        epoch: first.epoch,
        moved_to: { url: other.url, epoch: first.epoch + 1 },
      },
    ]);
    expect(await rows()).toEqual(before);
  });

  it('is told of a room that only passed through while it stood still', async () => {
    // The register arrives, and is carried out late: the room was given to another task by then.
    task.behaviour = 'lost';
    world.tasks.get('b')!.behaviour = 'silent';
    const created = await createRoom(world.deps, {});
    expect(created.ok).toBe(false);
    task.behaviour = 'up';
    const held = [...task.rooms.keys()].filter((room_id) => room_id !== first.room_id);
    expect(held).toHaveLength(1);
    const { not_owned } = await granted(world.heartbeat(task));
    expect(not_owned).toEqual([{ room_id: held[0], epoch: task.rooms.get(held[0]!)!.epoch }]);
  });

  it('is a good task again after one heartbeat: new rooms come to it, and one sweep finds all in order', async () => {
    await moved();
    const { not_owned } = await granted(world.heartbeat(task));
    for (const { room_id } of not_owned) task.rooms.delete(room_id);
    await granted(world.heartbeat(other));
    expect(await world.store.getTask('a')).toMatchObject({ state: 'READY', rooms: 0, silent: 0 });
    expect((await granted(createRoom(world.deps, {}))).url).toBe(task.url);
    expect(await updateTasks(world.deps)).toMatchObject({ kind: 'swept', pruned: 0, faults: 0 });
    expect(await storeBreaches(world.store)).toEqual([]);
  });
});
