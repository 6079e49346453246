/** Tasks that stand still, and one that does not reach the router, in the whole stack. The times are the real ones. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createUnencryptedRoom, joinUnencryptedRoom, type Room } from '../../../client/src/node/index.ts';
import type { AvailableTasks } from '../../../shared/protocol/api.ts';
import { describeDynamo } from '../../support/dynamodb.ts';
import { createRaw, joinRaw, openSocket, rawTalk, type RawClient } from '../../support/raw-rooms.ts';
import { live, next, talk, together } from '../../support/rooms.ts';
import { readTables } from '../../support/stack-tables.ts';
import { type Stack, startStack } from '../../support/stack.ts';
import { roomsOf } from '../../support/task-of.ts';

const SHORT_MS = 20_000;
const LONG_MS = 60_000;
/** When a client resumes that has found out by other means. */
const RESUME_MS = 5_000;
/** LEASE, and a moment. */
const LEASE_OVER_MS = 31_000;
const LIMIT_MS = 150_000;
/** Creates that may go elsewhere before one comes to the task that is meant. */
const MOST_CREATES = 40;

describeDynamo('tasks that stand still', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ env: { STORE: 'dynamodb', STREAM_TASKS: '4' }, faults: true });
  });
  afterAll(() => stack.stop());

  async function urlOf(task_id: string): Promise<string> {
    const { tasks } = (await (await fetch(`${stack.url}/available-tasks`)).json()) as AvailableTasks;
    return tasks.find((task) => task.task_id === task_id)!.url;
  }

  /**
   * Makes rooms until one is on the task that is meant. The others are left only then: each task gets its turn while they
   * fill up.
   */
  async function make<T extends { leave(): Promise<void> }>(
    create: () => Promise<T>,
    isThere: (made: T) => boolean | Promise<boolean>,
  ): Promise<T> {
    const misses: T[] = [];
    try {
      while (misses.length < MOST_CREATES) {
        const made = await create();
        if (await isThere(made)) return made;
        misses.push(made);
      }
      throw new Error(`none of ${MOST_CREATES} rooms came to the task that is meant`);
    } finally {
      await Promise.all(misses.map((made) => made.leave()));
    }
  }

  /** A raw room with one client on the task at `url`. */
  const createRawAt = (url: string): Promise<RawClient> =>
    make(
      () => createRaw(stack.url),
      ({ grant }) => grant.url === url,
    );

  async function rawRoomAt(url: string): Promise<[RawClient, RawClient]> {
    const a = await createRawAt(url);
    const b = await joinRaw(stack.url, a);
    await rawTalk(a, b, 'hello');
    return [a, b];
  }

  /** A room with two clients of the SDK on a task. */
  async function roomOn(task_id: string): Promise<[Room, Room]> {
    const a = await make(
      () => createUnencryptedRoom({ router: stack.url, max_clients: 3 }),
      async ({ room_id }) => (await stack.taskOf(room_id)) === task_id,
    );
    const b = await joinUnencryptedRoom({ router: stack.url, room_id: a.room_id });
    await together(a, b);
    await talk(a, b, 'hello');
    return [a, b];
  }

  const servedBy = async (task_id: string) =>
    (await roomsOf(stack.url, stack.aws, task_id)).map(({ room_id }) => room_id);

  const reconnecting = (room: Room) =>
    next<Room['state']>(
      (listener) => room.on('state', listener),
      ({ status }) => status === 'reconnecting',
    );

  async function metric(url: string, name: string): Promise<number> {
    const text = await (await fetch(`${url.replace('ws:', 'http:')}/metrics`)).text();
    return Number(new RegExp(`^anteroom_${name} ([0-9.]+)$`, 'm').exec(text)![1]);
  }

  /** A task with three rooms. */
  async function furnish(task_id: string) {
    const url = await urlOf(task_id);
    const [a, b] = await roomOn(task_id);
    const stay = await rawRoomAt(url);
    const split = await rawRoomAt(url);
    const ids = [a.room_id, stay[0].grant.room_id, split[0].grant.room_id];
    await expect.poll(() => servedBy(task_id), { timeout: 15_000 }).toEqual(ids);
    return { task_id, url, a, b, stay, split };
  }

  /**
   * Freezes a task for `ms`. In room `a`, `b` all clients notice; in `stay` nobody does; in `split` one client resumes
   * after `resume_ms` and the other does not notice. Returns who is in a room afterwards.
   */
  async function freeze(
    { task_id, url, a, b, stay, split }: Awaited<ReturnType<typeof furnish>>,
    ms: number,
    resume_ms: number,
  ) {
    const noticed = Promise.all([a, b].map(reconnecting));
    await stack.kill(task_id, 'SIGSTOP');
    const thawing = sleep(ms).then(() => stack.kill(task_id, 'SIGCONT'));
    const moved = sleep(resume_ms).then(() => split[0].resumed(stack.url));
    // What is sent to a task that stands still is not lost for those who stay.
    stay[0].peer.send('meanwhile');

    for (const state of await noticed) {
      expect(state).toMatchObject({ cause: 'Nothing was heard from the relay for too long' });
    }
    const met = Promise.all([live(a), live(b)]);
    await met;
    await together(a, b);
    await talk(a, b, 'elsewhere');
    const away = await moved;
    expect(away.grant.url).not.toBe(url);
    expect(split[1].peer.open, 'it has not noticed').toBe(true);

    await thawing;
    // The task learns what was moved, and sends on who did not notice.
    expect(await split[1].peer.closed).toEqual({ code: 4503, reason: 'moved' });
    const back = await split[1].resumed(stack.url);
    expect(back.grant.url).toBe(away.grant.url);
    await rawTalk(away, back, 'together');
    expect((await stay[1].peer.next()).data.toString()).toBe('meanwhile');
    await rawTalk(...stay, 'still here');

    // It serves nothing of what was moved: not by its own word, not by its metrics, not to a ticket that is still good.
    // (A register that came to it while it stood still is carried out late; that goes with the next heartbeat.)
    await expect.poll(() => servedBy(task_id), { timeout: 15_000 }).toEqual([stay[0].grant.room_id]);
    expect(await metric(url, 'rooms')).toBe(1);
    expect(await metric(url, 'rooms_lost_total')).toBeGreaterThanOrEqual(2);
    expect(await metric(url, 'stalls_total')).toBeGreaterThan(0);
    const old = { ...split[0].grant, ...a.seat, url };
    const late = await openSocket(old, 'anteroom.v1');
    expect(await late.closed).toEqual({ code: 4503, reason: 'moved' });
    expect([a.state.status, b.state.status]).toEqual(['live', 'live']);

    // And it is a good task again.
    const fresh = await createRawAt(url);
    const guest = await joinRaw(stack.url, fresh);
    await rawTalk(fresh, guest, 'new');
    return { sdk: [a, b], raw: [...stay, away, back, fresh, guest] };
  }

  /** Keeps a task from the router until its lease is over: its clients notice nothing, and no room comes there. */
  async function cutOff(task_id: string, [a, b]: [Room, Room]) {
    const url = await urlOf(task_id);
    await stack.cutOff(task_id);
    await sleep(LEASE_OVER_MS);
    await talk(a, b, 'without the router');
    // The router reaches the task, so that its room is where it was.
    const c = await joinUnencryptedRoom({ router: stack.url, room_id: a.room_id });
    await together(a, c);
    await talk(a, c, 'welcome');
    const elsewhere = await createRaw(stack.url);
    expect(elsewhere.grant.url).not.toBe(url);
    await stack.rejoin(task_id);
    const fresh = await createRawAt(url);
    expect(await stack.taskOf(a.room_id)).toBe(task_id);
    expect([a, b, c].map(({ state }) => state.status)).toEqual(['live', 'live', 'live']);
    return { sdk: [a, b, c], raw: [elsewhere, fresh] };
  }

  it(
    '20 s and 60 s long, and one cut off: clients meet elsewhere, no epoch is served twice, the tables are right',
    async () => {
      const [short, long, cut] = stack.tasks().map(({ task_id }) => task_id);
      const brief = await furnish(short!);
      const lasting = await furnish(long!);
      const whole = await roomOn(cut!);
      const ends = await Promise.all([
        freeze(brief, SHORT_MS, RESUME_MS),
        freeze(lasting, LONG_MS, LEASE_OVER_MS),
        cutOff(cut!, whole),
      ]);

      const sdk = ends.flatMap((end) => end.sdk);
      const raw = ends.flatMap((end) => end.raw);
      const expected: Record<string, string[]> = {};
      for (const { room_id, client_id } of [...sdk, ...raw.map(({ grant }) => grant)]) {
        expected[room_id] = [...(expected[room_id] ?? []), client_id].sort();
      }
      // Every lease is valid again.
      expect(await stack.sweep()).toMatchObject({ kind: 'swept', pruned: 0, faults: 0, held: undefined });
      const { breaches, rooms } = await readTables(stack.aws);
      expect(breaches).toEqual([]);
      expect(rooms).toEqual(expected);
      await Promise.all([...sdk, ...raw].map((client) => client.leave()));
    },
    LIMIT_MS,
  );
});
