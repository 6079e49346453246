import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';

export type StoredItem = Record<string, unknown>;

interface Tables {
  client: DynamoDBClient;
  tasksTable: string;
  roomsTable: string;
}

/** Every item of a table. Only tests scan. */
export async function allItems(client: DynamoDBClient, table: string): Promise<StoredItem[]> {
  const items: StoredItem[] = [];
  const document = DynamoDBDocumentClient.from(client);
  const pages = paginateScan({ client: document }, { TableName: table, ConsistentRead: true });
  for await (const page of pages) items.push(...(page.Items ?? []));
  return items;
}

async function removeItems(client: DynamoDBClient, table: string, keys: StoredItem[]): Promise<void> {
  const document = DynamoDBDocumentClient.from(client);
  for (let start = 0; start < keys.length; start += 25) {
    const requests = keys.slice(start, start + 25).map((Key) => ({ DeleteRequest: { Key } }));
    await document.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }));
  }
}

/** Reads both tables, empties them, and says what did not hold (see `itemBreaches`). */
export async function inspectAndClear({ client, tasksTable, roomsTable }: Tables): Promise<string[]> {
  const [taskItems, roomItems] = await Promise.all([
    allItems(client, tasksTable),
    allItems(client, roomsTable),
  ]);
  await Promise.all([
    removeItems(
      client,
      tasksTable,
      taskItems.map(({ task_id, room_id }) => ({ task_id, room_id })),
    ),
    removeItems(
      client,
      roomsTable,
      roomItems.map(({ room_id, client_id }) => ({ room_id, client_id })),
    ),
  ]);
  return itemBreaches(taskItems, roomItems);
}

/** Like {@link inspectAndClear}, for a hook: throws what did not hold. */
export async function assertIntactAndClear(tables: Tables): Promise<void> {
  const breaches = await inspectAndClear(tables);
  if (breaches.length > 0) throw new Error(breaches.join('\n'));
}

/**
 * What must hold of the items at rest, whatever happened before. Each breach is a sentence.
 *
 * - each shard of the quota counts the rooms that name it, a task its rows, a room its clients;
 * - each room is open, has at least one client and at most `max_clients`, and exactly one row, of its task; or it waits for a
 *   place, is in the index of those, and has no row;
 * - nothing is left over: each row and each client has its room;
 * - a task is in the placement index only while it is READY, and always in the fleet index;
 * - time to live is on what may be collected, and on nothing that a count depends on.
 */
export function itemBreaches(taskItems: readonly StoredItem[], roomItems: readonly StoredItem[]): string[] {
  const tasks = taskItems.filter((item) => item['room_id'] === '#task');
  const rows = taskItems.filter((item) => !String(item['room_id']).startsWith('#'));
  const rooms = roomItems.filter((item) => item['client_id'] === '#room');
  // Beside rooms and clients there are records of requests, which nothing counts and which expire by themselves.
  const ofNoRoom = (item: StoredItem) => String(item['room_id']).startsWith('#');
  const clients = roomItems.filter((item) => !ofNoRoom(item) && item['client_id'] !== '#room');
  const requests = roomItems.filter((item) => ['#key', '#failures'].includes(String(item['client_id'])));
  // Connections of the control channel are there twice: by their id, and by room and client.
  const connections = roomItems.filter((item) => item['client_id'] === '#connection');
  const ofClients = roomItems.filter((item) => String(item['room_id']).startsWith('#connections#'));
  const breaches: string[] = [];
  const assertThat = (holds: boolean, breach: string) => {
    if (!holds) breaches.push(breach);
  };

  for (let shard = 0; shard < 16; shard++) {
    const held = Number(taskItems.find((item) => item['task_id'] === `#quota#${shard}`)?.['held'] ?? 0);
    const counted = rooms.filter((room) => room['quota_shard'] === shard).length;
    assertThat(held === counted, `shard ${shard} holds ${held}, but ${counted} rooms are in it`);
  }
  for (const room of rooms) {
    const name = `room ${String(room['room_id'])}`;
    const own = rows.filter((row) => row['room_id'] === room['room_id']);
    const waits = room['task_id'] === '';
    const same = ['task_id', 'epoch', 'created_at', 'quota_shard'];
    assertThat(
      waits
        ? own.length === 0
        : own.length === 1 && same.every((attribute) => own[0]?.[attribute] === room[attribute]),
      `${name} does not fit its rows`,
    );
    assertThat(
      room['pending'] === (waits ? room['kind'] : undefined),
      `${name}: pending does not fit its state`,
    );
    const seats = clients.filter(({ room_id }) => room_id === room['room_id']).length;
    assertThat(
      room['clients'] === seats,
      `${name} counts ${String(room['clients'])} clients and has ${seats}`,
    );
    assertThat(seats > 0 && seats <= Number(room['max_clients']), `${name} has ${seats} clients`);
    assertThat(room['state'] === (waits ? 'PENDING' : 'OPEN'), `${name} is ${String(room['state'])}`);
    assertThat('ttl' in room, `${name} has no ttl`);
  }
  for (const one of clients) {
    const name = `client ${String(one['client_id'])}`;
    const room = rooms.find(({ room_id }) => room_id === one['room_id']);
    assertThat(room?.['created_at'] === one['room_created_at'], `${name} is in no room`);
    const reserved = one['status'] === 'RESERVED';
    assertThat('ttl' in one === reserved, `${name}: ttl does not fit its status`);
    assertThat('expires_at' in one === reserved, `${name}: expiry does not fit its status`);
  }
  for (const task of tasks) {
    const name = `task ${String(task['task_id'])}`;
    const own = rows.filter((row) => row['task_id'] === task['task_id']).length;
    assertThat(task['rooms'] === own, `${name} counts ${String(task['rooms'])} rooms and has ${own} rows`);
    const ready = task['state'] === 'READY';
    const placement = ready ? `${String(task['region'])}#${String(task['kind'])}` : undefined;
    assertThat(task['placement'] === placement, `${name}: placement does not fit its state`);
    assertThat(/^fleet#[0-7]$/.test(String(task['fleet'])), `${name} is in no fleet`);
  }
  for (const one of ofClients) {
    const byId = connections.find(({ connection_id }) => connection_id === one['connection_id']);
    assertThat(
      byId?.['of_client'] === one['client_id'],
      `${String(one['room_id'])} has a connection that is gone`,
    );
  }
  for (const one of [...requests, ...connections, ...ofClients])
    assertThat('ttl' in one, `${String(one['room_id'])} has no ttl`);
  assertThat(
    roomItems.length ===
      rooms.length + clients.length + requests.length + connections.length + ofClients.length,
    'an item of the Rooms table is none of room, client, key, failures, connection',
  );
  const placed = rooms.filter((room) => room['task_id'] !== '').length;
  assertThat(rows.length === placed, `${rows.length} rows of ${placed} rooms`);
  assertThat(![...tasks, ...rows].some((item) => 'ttl' in item), 'a ttl is on what a sweep must find');
  return breaches;
}
