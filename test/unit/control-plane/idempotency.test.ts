import { describe, expect, it } from 'vitest';
import { requestKey } from '../../../shared/domain/idempotency.ts';
import { KEY_LIFETIME_MS, SETTLED_MS } from '../../../shared/domain/liveness.ts';
import { createRoom } from '../../../shared/use-cases/create-room.ts';
import { joinRoom } from '../../../shared/use-cases/join-room.ts';
import type { Outcome } from '../../../shared/use-cases/outcome.ts';
import { updateTasks } from '../../../shared/use-cases/update-tasks.ts';
import { storeBreaches } from '../../support/store-invariants.ts';
import { connect, connectedRoom, granted, makeWorld, refused, type World } from '../../support/world.ts';

const KEY = requestKey('k'.repeat(22), 'POST /create-room', {});
const OTHER_BODY = requestKey('k'.repeat(22), 'POST /create-room', { max_clients: 3 });

const create = (world: World, key = KEY) => createRoom(world.deps, {}, key);

/** A world of two tasks. */
async function twoTasks() {
  const world = await makeWorld({}, { yielding: true });
  return { world, tasks: [await world.addTask('a'), await world.addTask('b')] as const };
}

const roomsOf = async (world: World) =>
  (await Promise.all([...world.tasks.keys()].map((task_id) => world.store.listTaskRooms(task_id)))).flat();

const refusals = (outcomes: readonly Outcome<unknown>[]) =>
  outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.refusal]));

describe('create-room with an idempotency key', () => {
  it('gives the same seat for ten minutes, while it is taken', async () => {
    const { world } = await twoTasks();
    const first = await granted(create(world));
    await connect(world, first);
    for (let minute = 0; minute < 9; minute++) {
      world.advance(60_000);
      for (const task of world.tasks.values()) await world.heartbeat(task);
      const { room_id, client_id, ticket, url, epoch, max_clients } = first;
      expect(await granted(create(world))).toMatchObject({
        room_id,
        client_id,
        ticket,
        url,
        epoch,
        max_clients,
      });
    }
    expect(await roomsOf(world)).toHaveLength(1);
    world.advance(KEY_LIFETIME_MS - 9 * 60_000);
    for (const task of world.tasks.values()) await world.heartbeat(task);
    expect((await granted(create(world))).client_id).not.toBe(first.client_id);
  });

  it('gives the same seat at once, where the first answer was lost', async () => {
    const { world } = await twoTasks();
    const first = await granted(create(world));
    const again = await granted(create(world));
    expect(again).toMatchObject({ room_id: first.room_id, client_id: first.client_id, ticket: first.ticket });
    await connect(world, again);
  });

  it('makes one room of many requests at once: the others get it or are told that it is under way', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = await makeWorld({}, { yielding: true, seed });
      await world.addTask('a');
      await world.addTask('b');
      const outcomes = await Promise.all(Array.from({ length: 6 }, () => create(world)));
      const grants = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
      expect(grants.length).toBeGreaterThan(0);
      expect(new Set(grants.map(({ room_id, ticket }) => `${room_id} ${ticket}`)).size).toBe(1);
      expect(refusals(outcomes).filter(({ code }) => code !== 'request_in_flight')).toEqual([]);
      expect(await roomsOf(world)).toHaveLength(1);
    }
  });

  it('refuses the key with another body', async () => {
    const { world } = await twoTasks();
    await granted(create(world));
    expect(await refused(create(world, OTHER_BODY))).toMatchObject({
      code: 'idempotency_key_reused',
      faults: [{ path: 'Idempotency-Key' }],
    });
    expect(await roomsOf(world)).toHaveLength(1);
  });

  it('says that the first request is under way while its task has not been told', async () => {
    const { world, tasks } = await twoTasks();
    let answer = (): void => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const slow = { ...world.deps, tasks: { ...world.deps.tasks } };
    slow.tasks.register = async (task, request) => {
      await held;
      return world.deps.tasks.register(task, request);
    };
    const first = createRoom(slow, {}, KEY);
    while ((await roomsOf(world)).length === 0) await Promise.resolve();
    expect((await refused(create(world))).code).toBe('request_in_flight');
    answer();
    expect((await granted(create(world))).room_id).toBe((await granted(first)).room_id);
    expect(tasks.flatMap((task) => [...task.rooms.keys()])).toHaveLength(1);
  });

  it('finishes what a request that died has begun, once it can no longer be at work', async () => {
    const { world } = await twoTasks();
    const dies = {
      ...world.deps,
      tasks: { ...world.deps.tasks, register: () => new Promise<never>(() => {}) },
    };
    void createRoom(dies, {}, KEY);
    while ((await roomsOf(world)).length === 0) await Promise.resolve();
    const { room_id } = (await roomsOf(world))[0]!;
    expect((await refused(create(world))).code).toBe('request_in_flight');
    world.advance(20_000);
    const grant = await granted(create(world));
    expect(grant.room_id).toBe(room_id);
    await connect(world, grant);
    expect(await roomsOf(world)).toHaveLength(1);
  });

  it('starts anew after a refusal', async () => {
    const { world, tasks } = await twoTasks();
    for (const task of tasks) task.behaviour = 'failing';
    expect((await refused(create(world))).code).toBe('no_task_available');
    for (const task of tasks) task.behaviour = 'up';
    await granted(create(world));
    expect(await roomsOf(world)).toHaveLength(1);
  });

  it('keeps a seat that a repetition has taken up from the undo of the first request', async () => {
    const world = await makeWorld();
    await world.addTask('a');
    const lossy = { ...world.deps, tasks: { ...world.deps.tasks } };
    // The task has done it, and the repetition comes before the first request knows that its answer is lost.
    lossy.tasks.register = async (task, request) => {
      lossy.tasks.register = (...call) => world.deps.tasks.register(...call);
      await world.deps.tasks.register(task, request);
      const repeated = await granted(create(world));
      await connect(world, repeated);
      return { kind: 'silent' };
    };
    expect((await granted(createRoom(lossy, {}, KEY))).room_id).toBe((await roomsOf(world))[0]!.room_id);
    expect(await roomsOf(world)).toHaveLength(1);
    expect(await storeBreaches(world.store)).toEqual([]);
  });

  it('follows the room to where it is now', async () => {
    const { world, tasks } = await twoTasks();
    const first = await granted(create(world));
    await connect(world, first);
    world.advance(SETTLED_MS);
    world.taskOf(first).behaviour = 'unreachable';
    const again = await granted(create(world));
    expect(again).toMatchObject({ room_id: first.room_id, client_id: first.client_id, ticket: first.ticket });
    expect(again.url).toBe(tasks.find(({ url }) => url !== first.url)!.url);
  });

  it('moves no room of a task that is slow: who repeats has not lost a connection to it', async () => {
    const { world } = await twoTasks();
    const first = await granted(create(world));
    world.advance(20_000);
    for (const task of world.tasks.values()) await world.heartbeat(task);
    const task = world.taskOf(first);
    task.behaviour = 'silent';
    for (let n = 0; n < 3; n++) expect((await refused(create(world))).code).toBe('no_task_available');
    task.behaviour = 'up';
    expect(await granted(create(world))).toMatchObject({ url: first.url, epoch: first.epoch });
  });

  it('answers 404 as soon as the seat is gone, and creates nothing', async () => {
    const { world } = await twoTasks();
    const { room_id, epoch, client_id } = await granted(create(world));
    await world.store.removeClient({ room_id, epoch, client_id, generation: 1 });
    for (const ms of [0, 20_000]) {
      world.advance(ms);
      expect((await refused(create(world))).code).toBe('room_not_found');
    }
    expect(await roomsOf(world)).toEqual([]);
  });

  it('gives the same ticket after the secret was rotated once', async () => {
    const { world } = await twoTasks();
    const first = await granted(create(world));
    const old = await world.deps.secrets.get();
    const rotated = { current: 'b'.repeat(64), previous: old.current };
    const after = { ...world.deps, secrets: { get: async () => rotated } };
    expect((await granted(createRoom(after, {}, KEY))).ticket).toBe(first.ticket);
  });

  it('gives it also where the present secret is not known yet', async () => {
    const { world } = await twoTasks();
    const rotated = { current: 'b'.repeat(64), previous: 'a'.repeat(64) };
    const first = await granted(
      createRoom({ ...world.deps, secrets: { get: async () => rotated } }, {}, KEY),
    );
    const get: World['deps']['secrets']['get'] = async (options) =>
      options?.fresh === true ? rotated : { current: 'a'.repeat(64), previous: undefined };
    expect((await granted(createRoom({ ...world.deps, secrets: { get } }, {}, KEY))).ticket).toBe(
      first.ticket,
    );
  });

  it('says that the first request is under way while that gives its seat up', async () => {
    const { world } = await twoTasks();
    const { room_id, epoch, client_id } = await granted(create(world));
    const racing = { ...world.deps, tasks: { ...world.deps.tasks } };
    // The task was told, but the first request does not know: it undoes its seat just as this one has looked.
    racing.tasks.rooms = async (...call) => {
      const answer = await world.deps.tasks.rooms(...call);
      await world.store.removeClient({ room_id, epoch, client_id, generation: 1 }, KEY.key_hash);
      return answer;
    };
    expect((await refused(createRoom(racing, {}, KEY))).code).toBe('request_in_flight');
  });

  it('reads the room once to give the same seat', async () => {
    const { world } = await twoTasks();
    await granted(create(world));
    let reads = 0;
    const store = new Proxy(world.store, {
      get(target, name) {
        if (name === 'getRoomAndClient') reads++;
        return Reflect.get(target, name) as unknown;
      },
    });
    await granted(createRoom({ ...world.deps, store }, {}, KEY));
    expect(reads).toBe(1);
  });
});

describe('join-room with an idempotency key', () => {
  const JOIN = requestKey('j'.repeat(22), 'POST /join-room', { room_id: 'x' });
  const join = (world: World, room_id: string) => joinRoom(world.deps, { room_id }, { key: JOIN });

  it('takes one seat of many requests, at once or later, full or not', async () => {
    const { world } = await twoTasks();
    const { room_id } = await connectedRoom(world, 2);
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => join(world, room_id)));
    const [first, ...others] = outcomes.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
    for (const grant of others) expect(grant.ticket).toBe(first!.ticket);
    expect(refusals(outcomes).filter(({ code }) => code !== 'request_in_flight')).toEqual([]);
    expect((await granted(join(world, room_id))).client_id).toBe(first!.client_id);
    expect((await world.store.getRoom(room_id))?.clients).toBe(2);
  });

  it('takes a seat after a refusal that took none', async () => {
    const { world } = await twoTasks();
    const { room_id, url } = await connectedRoom(world);
    const task = [...world.tasks.values()].find((one) => one.url === url)!;
    task.behaviour = 'failing';
    expect((await refused(join(world, room_id))).code).toBe('no_task_available');
    task.behaviour = 'up';
    await connect(world, await granted(join(world, room_id)));
  });

  it('answers 404 when the seat was given up since', async () => {
    const { world } = await twoTasks();
    const { room_id } = await connectedRoom(world);
    const { client_id, epoch } = await granted(join(world, room_id));
    await world.store.removeClient({ room_id, epoch, client_id, generation: 1 });
    world.advance(20_000);
    expect((await refused(join(world, room_id))).code).toBe('client_not_found');
  });

  it('leaves nothing behind that a sweep would not find', async () => {
    const { world } = await twoTasks();
    const grant = await granted(create(world));
    world.advance(SETTLED_MS + 60_000);
    world.taskOf(grant).rooms.clear();
    for (const task of world.tasks.values()) await world.heartbeat(task);
    await updateTasks(world.deps);
    expect(await roomsOf(world)).toEqual([]);
    expect((await refused(create(world))).code).toBe('room_not_found');
  });
});
