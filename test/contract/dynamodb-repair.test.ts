import {
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterEach, expect, it } from 'vitest';
import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { TTL_SLACK_MS } from '../../shared/domain/liveness.ts';
import type { RoomRecord } from '../../shared/domain/room.ts';
import type { TaskRecord } from '../../shared/domain/task.ts';
import { injectFaults, refusal } from '../support/dynamodb-faults.ts';
import { allItems, assertIntactAndClear } from '../support/dynamodb-items.ts';
import { describeDynamo } from '../support/dynamodb.ts';
import { aClient, aRoom, aTask, HOUR, keyOf, newClient, NOW, times } from './room-store/fixtures.ts';

describeDynamo('What DynamoDB itself may do to the items', (tables) => {
  const { client, tasksTable, roomsTable } = tables;
  const store = dynamoRoomStore(tables);
  const document = DynamoDBDocumentClient.from(client);
  afterEach(() => assertIntactAndClear(tables));

  const ttlOf = async (room_id: string, client_id: string) => {
    const { Item } = await document.send(
      new GetCommand({ TableName: roomsTable, Key: { room_id, client_id }, ConsistentRead: true }),
    );
    return Item!['ttl'] as unknown;
  };
  const seconds = (expires_at: number) => Math.ceil((expires_at + TTL_SLACK_MS) / 1_000);
  /** As time to live, or a person, may do: without a transaction, so every count stays. */
  const loseRoom = ({ room_id }: RoomRecord) =>
    document.send(new DeleteCommand({ TableName: roomsTable, Key: { room_id, client_id: '#room' } }));
  const loseTask = ({ task_id }: TaskRecord) =>
    document.send(new DeleteCommand({ TableName: tasksTable, Key: { task_id, room_id: '#task' } }));

  it('time to live follows the expiry of the room and of each reserved client', async () => {
    const { room, client } = await aRoom(store, await aTask(store));
    expect(await ttlOf(room.room_id, '#room')).toBe(seconds(room.expires_at));
    expect(await ttlOf(room.room_id, client.client_id)).toBe(seconds(client.expires_at));

    await store.extendRoom(room.room_id, room.epoch, room.expires_at + HOUR);
    expect(await ttlOf(room.room_id, '#room')).toBe(seconds(room.expires_at + HOUR));

    await store.markConnected(keyOf(room, client), NOW);
    expect(await ttlOf(room.room_id, client.client_id)).toBeUndefined();
    await store.resumeClient(room, client, NOW + HOUR, NOW);
    expect(await ttlOf(room.room_id, client.client_id)).toBe(seconds(NOW + HOUR));
  });

  it('a room whose item was lost is freed through the row of its task, with its clients', async () => {
    const task = await aTask(store);
    const { room, client } = await aRoom(store, task);
    await store.markConnected(keyOf(room, client), NOW);
    await aClient(store, room);
    await loseRoom(room);
    expect(await store.dropTaskRoom(task.task_id, room.room_id, room.epoch)).toBe(true);
    expect((await store.getTask(task.task_id))!.rooms).toBe(0);
    expect(await store.dropTaskRoom(task.task_id, room.room_id, room.epoch)).toBe(false);
  });

  it('the same when its id is another room by now, which is left alone', async () => {
    const [task, other] = [await aTask(store), await aTask(store)];
    const { room } = await aRoom(store, task);
    await loseRoom(room);
    const next = await aRoom(store, other, { room_id: room.room_id, created_at: NOW + 1, epoch: NOW + 1 });
    expect((await store.getRoomWithClients(room.room_id))!.clients).toEqual([next.client]);
    expect(await store.dropTaskRoom(task.task_id, room.room_id, room.epoch)).toBe(true);
    expect(await store.getRoomWithClients(room.room_id)).toEqual({ room: next.room, clients: [next.client] });
  });

  it('an id is not given away on the task that still has a row of the lost room', async () => {
    const task = await aTask(store);
    const { room } = await aRoom(store, task);
    await loseRoom(room);
    const again = { ...room, created_at: NOW + 1, epoch: NOW + 1, client: newClient() };
    expect(await store.createRoom(again, task, 1_000, NOW)).toEqual({ kind: 'room_exists' });
    await store.dropTaskRoom(task.task_id, room.room_id, room.epoch);
    expect((await store.createRoom(again, task, 1_000, NOW)).kind).toBe('created');
  });

  it('a row that was left on a task from which the room was moved is dropped', async () => {
    const [from, to] = [await aTask(store), await aTask(store)];
    const { room } = await aRoom(store, from);
    const rows = (await allItems(client, tasksTable)).filter(({ room_id }) => room_id === room.room_id);
    await store.rehomeRoom(room, to, NOW);
    await document.send(
      new BatchWriteCommand({
        RequestItems: { [tasksTable]: rows.map((Item) => ({ PutRequest: { Item } })) },
      }),
    );
    expect(await store.dropTaskRoom(from.task_id, room.room_id, room.epoch)).toBe(true);
    expect(await store.listTaskRooms(from.task_id)).toEqual([]);
    expect((await store.getTask(to.task_id))!.rooms).toBe(1);
  });

  it('a room is freed although the record of its task is gone: by its last client, a close, a re-home', async () => {
    const gone = await aTask(store);
    const rooms = [await aRoom(store, gone), await aRoom(store, gone), await aRoom(store, gone)] as const;
    await loseTask(gone);
    const [left, closed, moved] = rooms;
    expect(await store.removeClient(keyOf(left.room, left.client))).toEqual({
      kind: 'removed',
      closed: true,
    });
    expect(await store.closeRoom(closed.room.room_id, closed.room.epoch)).toBe(true);
    expect((await store.rehomeRoom(moved.room, await aTask(store), NOW)).kind).toBe('rehomed');
    expect(await store.listTaskRooms(gone.task_id)).toEqual([]);
  });

  it('a close that broke off is finished by the next one; until then nobody gets in and the place is held', async () => {
    const task = await aTask(store, { room_capacity: 1 });
    const { room, client: first } = await aRoom(store, task);
    await aClient(store, room);
    const failing = tables.newClient();
    injectFaults(failing, ({ command }) =>
      command === 'BatchWriteItem' ? refusal('AccessDenied') : undefined,
    );
    const broken = dynamoRoomStore({ ...tables, client: failing });
    await expect(broken.closeRoom(room.room_id, room.epoch)).rejects.toThrow('injected');

    expect((await store.getRoom(room.room_id))!.state).toBe('CLOSED');
    expect(await store.addClient(room, newClient(), NOW)).toEqual({ kind: 'room_not_found' });
    expect(await store.resumeClient(room, first, NOW + HOUR, NOW)).toEqual({ kind: 'room_not_found' });
    expect(await store.removeClient(keyOf(room, first))).toEqual({ kind: 'ignored' });
    expect(await store.placementCandidates('eu-central-1', 'relay', 1, NOW, 'least')).toEqual([]);

    expect(await store.closeRoom(room.room_id, room.epoch)).toBe(true);
    expect((await store.getTask(task.task_id))!.rooms).toBe(0);
  });

  it('a close that broke off is finished by dropping the row, too', async () => {
    const task = await aTask(store);
    const { room } = await aRoom(store, task);
    await document.send(
      new UpdateCommand({
        TableName: roomsTable,
        Key: { room_id: room.room_id, client_id: '#room' },
        UpdateExpression: 'SET #state = :closed',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':closed': 'CLOSED' },
      }),
    );
    expect(await store.dropTaskRoom(task.task_id, room.room_id, room.epoch)).toBe(true);
    expect(await store.listTaskRooms(task.task_id)).toEqual([]);
  });

  it('a room of 300 clients is closed, more than one transaction can hold', async () => {
    const task = await aTask(store);
    const { room, client: first } = await aRoom(store, task, { max_clients: 300 });
    const more = times(299, () => ({
      PutRequest: { Item: { ...first, ...newClient(), room_created_at: room.created_at, ttl: 0 } },
    }));
    for (let start = 0; start < more.length; start += 25) {
      await document.send(
        new BatchWriteCommand({ RequestItems: { [roomsTable]: more.slice(start, start + 25) } }),
      );
    }
    expect((await store.getRoomWithClients(room.room_id))!.clients).toHaveLength(300);
    expect(await store.closeRoom(room.room_id, room.epoch)).toBe(true);
    expect(await allItems(client, roomsTable)).toEqual([]);
  });
});
