/** The whole stack while its database, ECS, or the way to the router fails: what is live stays live, nothing is lost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REQUEST_LIMIT_MS, SETTLED_MS } from '../../../shared/domain/liveness.ts';
import type { AvailableTasks } from '../../../shared/protocol/api.ts';
import { describeDynamo } from '../../support/dynamodb.ts';
import { readTables } from '../../support/stack-tables.ts';
import { type Stack, startStack } from '../../support/stack.ts';
import { everyoneThere, openRooms, startTalking, type Talkers } from '../../support/talkers.ts';

/** Short, so that every lease runs out during what is tried here. */
const LEASE_MS = 5_000;
const ENV = { HEARTBEAT: '2s', LEASE: `${LEASE_MS}ms`, CONNECT_TIMEOUT: '5s' };
/** For the database to be reached, and the tasks to have told the router that they live, on a busy machine. */
const RECOVERY_MS = 20_000;

interface Answer {
  status: number;
  code: string | undefined;
  retry_after: number;
  took_ms: number;
}

describeDynamo('rooms that are live', () => {
  let stack: Stack;
  let talkers: Talkers;
  /** When the last fault of the database ended. */
  let sound_since = 0;
  beforeAll(async () => {
    // Not scaled: a fleet that is listed by half would grow by as much.
    stack = await startStack({ env: { STORE: 'dynamodb', ...ENV }, faults: true, restart: false });
    const rooms = await openRooms(stack.url, 4, 3);
    await everyoneThere(rooms);
    talkers = startTalking(rooms);
  });
  afterAll(() => stack.stop());

  async function post(path: string, body: unknown): Promise<Answer> {
    const started = performance.now();
    const response = await fetch(new URL(path, stack.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { code } = (await response.json()) as { code?: string };
    const retry_after = Number(response.headers.get('retry-after'));
    return { status: response.status, code, retry_after, took_ms: performance.now() - started };
  }
  /** Creates, and a join of a room that is full, all at once. */
  const requests = () =>
    Promise.all([
      ...Array.from({ length: 4 }, () => post('/create-room', { max_clients: 2 })),
      post('/join-room', { room_id: talkers.rooms[0]![0]!.room_id }),
    ]);

  async function tasksReady(): Promise<number> {
    const response = await fetch(`${stack.url}/available-tasks`);
    if (!response.ok) return 0;
    const { tasks } = (await response.json()) as AvailableTasks;
    return tasks.filter(({ lease_until }) => lease_until > Date.now()).length;
  }

  /** Everyone hears the others, and nobody was ever out of a room. */
  async function goesOn(): Promise<void> {
    const before = talkers.heard();
    await expect.poll(() => talkers.heard(), { timeout: RECOVERY_MS }).toBeGreaterThan(before + 100);
    expect(talkers.breaks()).toEqual([]);
  }

  it.each([
    { what: 'throttled', mode: 'throttle', value: 1, seconds: 3 },
    // One second each way.
    { what: '2 s slow', mode: 'slow', value: 1_000, seconds: 5 },
    { what: 'away', mode: 'refuse', value: undefined, seconds: 10 },
    { what: 'silent', mode: 'cut', value: undefined, seconds: 10 },
  ] as const)(
    'go on while DynamoDB is $what for $seconds s; who wants a room is told in time when to come again; then all is right by itself',
    async ({ mode, value, seconds }) => {
      const before = talkers.heard();
      const due_before = talkers.due();
      const over = sleep(seconds * 1_000);
      await stack.fault('dynamodb', mode, { value, for_ms: seconds * 1_000 });
      const answers = await requests();
      await over;
      sound_since = Date.now();

      for (const { status, code, retry_after, took_ms } of answers) {
        expect(took_ms).toBeLessThan(REQUEST_LIMIT_MS);
        // Two seconds are not too many for each call, though they may be for all of them.
        if (mode === 'slow' && [201, 429].includes(status)) continue;
        expect([status, code]).toEqual([503, 'store_busy']);
        expect(retry_after).toBeGreaterThan(0);
      }
      // 12 clients hear two others each, 20 times a second. A busy machine sends less; of that, nearly all has been heard by now.
      const due = talkers.due() - due_before;
      expect(due).toBeGreaterThan(12 * 2 * seconds);
      expect(talkers.heard() - before).toBeGreaterThan(due * 0.8);
      await expect.poll(tasksReady, { timeout: RECOVERY_MS }).toBe(2);
      const after = async () => (await requests()).map(({ status }) => status);
      await expect.poll(after, { timeout: RECOVERY_MS }).toEqual([201, 201, 201, 201, 429]);
      await goesOn();
    },
    60_000,
  );
  /** Who is in which of the rooms that are live. */
  const alive = (): Record<string, string[]> =>
    Object.fromEntries(
      talkers.rooms.map((room) => [room[0]!.room_id, room.map(({ client_id }) => client_id).sort()]),
    );

  it('keep their rows, as the tasks do, while ECS fails or tells half, though leases have run out', async () => {
    const [first, second] = stack
      .tasks()
      .map(({ task_id }) => task_id)
      .sort();
    async function nothingIsGone(): Promise<void> {
      const { rooms, tasks } = await readTables(stack.aws);
      expect(rooms).toMatchObject(alive());
      expect(tasks).toEqual([first, second]);
    }
    await Promise.all([stack.cutOff(first!), stack.cutOff(second!)]);
    await expect.poll(tasksReady, { timeout: RECOVERY_MS }).toBe(0);
    for (const mode of ['fail', 'throttle', 'half'] as const) {
      await stack.fault('ecs', mode);
      expect(await stack.sweep()).toEqual({ kind: 'fleet_unavailable' });
      await nothingIsGone();
    }
    // A listing that is short by a half, and nothing says so: both leases ran out together, which is an outage of ours.
    await stack.fault('ecs', 'short');
    expect(await stack.sweep()).toMatchObject({
      kind: 'swept',
      pruned: 0,
      held: expect.any(String) as string,
    });
    await nothingIsGone();
    // One lease alone ran out, and ECS does not know the task, which still answers for itself.
    await stack.rejoin(first!);
    await expect.poll(tasksReady, { timeout: RECOVERY_MS }).toBe(1);
    expect(await stack.sweep()).toMatchObject({ kind: 'swept', pruned: 0, held: undefined });
    await nothingIsGone();

    await stack.fault('ecs', 'pass');
    await stack.rejoin(second!);
    await expect.poll(tasksReady, { timeout: RECOVERY_MS }).toBe(2);
    await goesOn();
  }, 90_000);

  it('have lost no frame in all of this; one sweep later the tables hold exactly what is alive', async () => {
    // What was asked for while the database was silent may have been done when it came back. When that has settled …
    await sleep(Math.max(0, sound_since + SETTLED_MS + LEASE_MS - Date.now()));
    expect(await stack.sweep()).toMatchObject({ kind: 'swept', pruned: 0, faults: 0, held: undefined });
    const { breaches, rooms, tasks } = await readTables(stack.aws);
    expect(breaches).toEqual([]);
    expect(rooms).toEqual(alive());
    expect(tasks).toHaveLength(2);
    expect(talkers.breaks()).toEqual([]);
    expect(await talkers.end()).toEqual([]);
  }, 120_000);
});
