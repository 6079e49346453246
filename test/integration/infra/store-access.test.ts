import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { dynamoRoomStore } from '../../../shared/adapters/dynamodb/index.ts';
import { places, type TableNames } from '../../../shared/adapters/dynamodb/keys.ts';
import type { Place } from '../../../shared/adapters/dynamodb/parts.ts';
import { emptyMemory } from '../../../shared/domain/scaling-types.ts';
import type { RoomRecord } from '../../../shared/domain/room.ts';
import type { TaskRecord } from '../../../shared/domain/task.ts';
import type { RoomStore } from '../../../shared/ports/room-store.ts';
import { describeDynamo } from '../../support/dynamodb.ts';
import { STORE_ACCESS } from '../../unit/infra/store-access.ts';

type Method = keyof RoomStore;
interface Target {
  TableName?: string;
  IndexName?: string;
}
interface Input extends Target {
  TransactItems?: Record<string, Target>[];
  RequestItems?: Record<string, unknown>;
}

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

/** What IAM is asked for one request: `[action, table or index]`. A transaction is asked for each of its parts. */
function asked(command: string, input: Input): [string, Target][] {
  if (input.TransactItems !== undefined) {
    return input.TransactItems.flatMap((part) =>
      Object.entries(part).map(([kind, target]): [string, Target] => [
        kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`,
        target,
      ]),
    );
  }
  if (input.RequestItems !== undefined) {
    return Object.keys(input.RequestItems).map((TableName) => ['BatchWriteItem', { TableName }]);
  }
  const verb = command.replace(/(Item)?Command$/, '');
  return [[verb === 'Query' ? verb : `${verb}Item`, input]];
}

/** The actions on each resource, in one order. */
function sorted(access: Record<string, Iterable<string>>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(access).map(([resource, actions]) => [resource, [...actions].sort()]),
  );
}

/** A store that notes, for each of its methods, what the requests made meanwhile ask for. */
function watchedStore(client: DynamoDBClient, names: TableNames) {
  const running = new AsyncLocalStorage<Method>();
  const seen: Partial<Record<Method, Record<string, Set<string>>>> = {};
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const method = running.getStore();
        if (method === undefined) throw new Error('a request that belongs to no method');
        for (const [action, { TableName, IndexName }] of asked(commandName ?? '', args.input as Input)) {
          const table = TableName === names.tasks ? 'TasksTable' : 'RoomsTable';
          const resource = IndexName === undefined ? table : `${table}/index/${IndexName}`;
          ((seen[method] ??= {})[resource] ??= new Set()).add(action);
        }
        return next(args);
      },
    { step: 'initialize', name: 'watch' },
  );
  const store = dynamoRoomStore({ client, tasksTable: names.tasks, roomsTable: names.rooms });
  const watched = new Proxy(store, {
    get: (target, name: Method) => {
      const method = target[name] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => running.run(name, () => method(...args));
    },
  });
  return { store: watched, seen };
}

describeDynamo('What the store asks of IAM', (tables) => {
  const names = { tasks: tables.tasksTable, rooms: tables.roomsTable };
  const at = places(names);
  const { store, seen } = watchedStore(tables.newClient(), names);
  const raw = DynamoDBDocumentClient.from(tables.client);

  const lose = ({ table, key }: Place) => raw.send(new DeleteCommand({ TableName: table, Key: key }));
  const markClosed = ({ table, key }: Place) =>
    raw.send(
      new UpdateCommand({
        TableName: table,
        Key: key,
        UpdateExpression: 'SET #state = :closed',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':closed': 'CLOSED' },
      }),
    );

  async function newTask(): Promise<TaskRecord> {
    const { task } = await store.putTask({
      task_id: randomUUID(),
      state: 'READY',
      state_since: NOW,
      kind: 'relay',
      region: 'local',
      instance_ip: '192.0.2.1',
      port: 5_001,
      url: 'ws://192.0.2.1:5001',
      clients: 0,
      room_capacity: 100,
      lease_until: NOW + HOUR,
      started_at: NOW,
      heartbeat_seq: 1,
    });
    return task;
  }

  const newClientOf = () => ({
    client_id: randomUUID(),
    ticket_hash: 'A'.repeat(43),
    expires_at: NOW + HOUR,
  });

  let created = 0;
  const newRoomOf = (client: ReturnType<typeof newClientOf>) => ({
    room_id: String(10_000 + created++),
    epoch: NOW,
    kind: 'relay' as const,
    max_clients: 4,
    created_at: NOW,
    expires_at: NOW + HOUR,
    client,
  });
  async function newRoom(
    task: TaskRecord,
    max_rooms = 1_000,
  ): Promise<{ room?: RoomRecord; client_id: string }> {
    const client = newClientOf();
    const result = await store.createRoom(newRoomOf(client), task, max_rooms, NOW);
    return { client_id: client.client_id, ...(result.kind === 'created' && { room: result.room }) };
  }

  async function roomOn(task: TaskRecord): Promise<{ room: RoomRecord; client_id: string }> {
    const { room, client_id } = await newRoom(task);
    if (room === undefined) throw new Error('the room was not created');
    return { room, client_id };
  }

  // Each method by its plain path, and by those that only damage or a crowd makes it take.
  test('is, for each method, just what the roles allow for it', async () => {
    const task = await newTask();
    // The one room that a quota of one allows, then one too many.
    const first = await newRoom(task, 1);
    expect(first.room).toBeDefined();
    expect((await newRoom(task, 1)).room).toBeUndefined();

    await store.getTask(task.task_id);
    await store.placementCandidates('local', 'relay', 4, NOW, 'least');
    await store.listTasks();
    await store.listTaskRooms(task.task_id);
    await store.noteSilence(task.task_id, true);
    await store.lockSweep('update-tasks', 'sweeper', NOW, NOW + 1_000);
    await store.unlockSweep('update-tasks', 'sweeper');
    await store.setTaskState(task, 'READY', 'STANDBY', NOW);
    await store.setTaskState(task, 'STANDBY', 'READY', NOW);
    await store.putScaling('relay', emptyMemory(), 0);
    await store.getScaling('relay');

    const { room, client_id } = await roomOn(task);
    const { room_id, epoch } = room;
    await store.getRoom(room_id);
    const second = newClientOf();
    const key = { key_hash: 'A'.repeat(43), body_hash: 'B'.repeat(43), expires_at: NOW + HOUR };
    expect(await store.addClient(room, second, NOW, key)).toMatchObject({ kind: 'admitted' });
    expect(await store.getKey(key.key_hash)).toBeDefined();
    await store.countFailure('source', NOW, NOW + 1_000);
    expect(await store.getFailures('source')).toBeDefined();
    const joined = await store.getRoomWithClients(room_id);
    const { client } = await store.getRoomAndClient(room_id, client_id);
    expect(await store.resumeClient(joined!.room, client!, NOW + HOUR, NOW)).toMatchObject({
      kind: 'resumed',
    });
    expect(await store.markConnected({ room_id, epoch, client_id, generation: 2 }, NOW)).toBe(true);
    await store.extendRoom(room_id, epoch, NOW + 2 * HOUR);
    await store.removeClient({ room_id, epoch, client_id: second.client_id, generation: 1 }, key.key_hash);
    expect(await store.removeClient({ room_id, epoch, client_id, generation: 2 })).toMatchObject({
      closed: true,
    });

    // Rooms that wait: created, one too many, listed, placed.
    const waiting = await store.createPendingRoom(newRoomOf(newClientOf()), 1_000, NOW);
    expect((await store.createPendingRoom(newRoomOf(newClientOf()), 0, NOW)).kind).toBe('rooms_exhausted');
    expect((await store.createPendingRoom(newRoomOf(newClientOf()), 1, NOW)).kind).toBe('rooms_exhausted');
    await store.listPending('relay', 10);
    expect(await store.countPending('relay')).toBe(1);
    if (waiting.kind === 'created') await store.placeRoom(waiting.room, task, NOW + HOUR, NOW);

    const connection = { connection_id: 'one=', room_id, client_id, room_created_at: NOW };
    await store.putConnection({ ...connection, connected_at: NOW, expires_at: NOW + HOUR });
    await store.listConnections(room_id);
    expect(await store.getConnection('one=')).toBeDefined();
    await store.removeConnection('one=');

    // Re-homed to another task, to the same one that came back, and away from one whose record is gone.
    const other = await newTask();
    const moving = await roomOn(task);
    const moved = await store.rehomeRoom(moving.room, other, NOW);
    expect(moved.kind).toBe('rehomed');
    const back = moved.kind === 'rehomed' ? await store.rehomeRoom(moved.room, other, NOW) : moved;
    expect(back.kind).toBe('rehomed');
    const lost = await newTask();
    const stranded = await roomOn(lost);
    const orphan = await roomOn(lost);
    const abandoned = await roomOn(lost);
    const forgotten = await roomOn(lost);
    await lose(at.task(lost.task_id));
    expect((await store.rehomeRoom(stranded.room, other, NOW)).kind).toBe('rehomed');

    // The others of that task: left by the last client, closed, and gone without having been closed.
    await store.removeClient({ ...orphan.room, client_id: orphan.client_id, generation: 1 });
    expect(await store.closeRoom(abandoned.room.room_id, abandoned.room.epoch)).toBe(true);
    await lose(at.room(forgotten.room.room_id));
    expect(await store.dropTaskRoom(lost.task_id, forgotten.room.room_id, forgotten.room.epoch)).toBe(true);

    // A close that broke off, and a room that vanished from a task that is there.
    const closing = await roomOn(other);
    await markClosed(at.room(closing.room.room_id));
    expect(await store.dropTaskRoom(other.task_id, closing.room.room_id, closing.room.epoch)).toBe(true);
    const vanished = await roomOn(other);
    await lose(at.room(vanished.room.room_id));
    expect(await store.dropTaskRoom(other.task_id, vanished.room.room_id, vanished.room.epoch)).toBe(true);
    const full = await roomOn(other);
    expect(await store.closeRoom(full.room.room_id, full.room.epoch)).toBe(true);

    const idle = await newTask();
    await store.stopTask(idle.task_id, idle.started_at, NOW);
    expect(await store.removeTask(idle.task_id, idle.lease_until)).toBe('removed');

    expect(Object.fromEntries(Object.entries(seen).map(([name, access]) => [name, sorted(access)]))).toEqual(
      Object.fromEntries(Object.entries(STORE_ACCESS).map(([name, access]) => [name, sorted(access)])),
    );
  });
});
