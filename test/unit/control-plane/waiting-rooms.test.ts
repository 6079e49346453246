import { describe, expect, it } from 'vitest';
import { PLACE_PENDING_MS } from '../../../shared/domain/liveness.ts';
import type { Grant } from '../../../shared/protocol/api.ts';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import { placePending } from '../../../shared/use-cases/place-pending.ts';
import { resumeClient } from '../../../shared/use-cases/resume-client.ts';
import { updateTasks } from '../../../shared/use-cases/update-tasks.ts';
import { answer, listen, makeGrowing } from '../../support/channel-listeners.ts';
import { granted, makeWorld, refused } from '../../support/world.ts';

describe('rooms that wait', () => {
  it('are looked after for a limited time, and faults of one do not keep the others', async () => {
    const world = await makeGrowing();
    const grants = [];
    for (let n = 0; n < 5; n++) grants.push(await granted(createRoom(world.deps, {})));
    const { store } = world.deps;
    const sound = { ...store };
    store.listPending = async () => [];
    await world.addTask('a');
    Object.assign(store, sound);
    const bad = grants[1]!.room_id;
    store.placeRoom = (room, ...rest) =>
      room.room_id === bad ? Promise.reject(new Error('injected')) : sound.placeRoom(room, ...rest);
    expect(await placePending(world.deps, 'relay')).toEqual({ placed: 4, expired: 0, faults: 1 });
    Object.assign(store, sound);
    store.listPending = async (...call) => {
      world.advance(PLACE_PENDING_MS);
      return sound.listPending(...call);
    };
    expect(await placePending(world.deps, 'relay')).toEqual({ placed: 0, expired: 0, faults: 0 });
    world.store.listPending = () => Promise.reject(new Error('injected'));
    expect(await placePending(world.deps, 'relay')).toEqual({ placed: 0, expired: 0, faults: 1 });
    // One a kind.
    expect(await updateTasks(world.deps)).toMatchObject({ faults: 2 });
  });

  it('for a kind that the deployment has no more are given up, too', async () => {
    const world = await makeWorld({ KINDS: 'relay,render', MAX_RENDER_TASKS: '1' });
    const { room_id } = await granted(createRoom(world.deps, { kind: 'render' }));
    world.deps.policy = { ...world.deps.policy, KINDS: ['relay'] };
    world.advance(world.deps.policy.PENDING_LIMIT);
    await updateTasks(world.deps);
    expect(await world.store.getRoom(room_id)).toBeUndefined();
  });

  it('are gone for who joins, resumes or asks while they are given up', async () => {
    const world = await makeGrowing();
    const { store } = world.deps;
    const sound = { ...store };
    const grants = [];
    for (let n = 0; n < 3; n++) grants.push(await granted(createRoom(world.deps, {})));
    const [joined, resumed, asked] = grants as [Grant, Grant, Grant];
    await listen(world, asked, 'one');
    store.listPending = async () => [];
    await world.addTask('a');
    Object.assign(store, sound);
    store.placeRoom = async (room, ...rest) => {
      await sound.closeRoom(room.room_id, room.epoch);
      return sound.placeRoom(room, ...rest);
    };
    expect((await refused(joinRoom(world.deps, joined))).code).toBe('room_not_found');
    expect((await refused(resumeClient(world.deps, resumed))).code).toBe('room_not_found');
    const { room_id } = asked;
    expect(await answer(world, 'one')).toEqual({ type: 'room.closed', room_id, reason: 'expired' });
    expect(await store.countPending('relay')).toBe(0);
  });

  it('do not keep a task from its registration', async () => {
    const world = await makeGrowing();
    await granted(createRoom(world.deps, {}));
    world.store.listPending = () => Promise.reject(new Error('injected'));
    const task = await world.addTask('a');
    expect((await granted(world.heartbeat(task))).state).toBe('READY');
  });
});
