import { randomUUID } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_REQUESTS } from '../../shared/adapters/dynamodb/client.ts';
import { dynamoDbClient, dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { withTimeLeft } from '../../shared/adapters/time-left.ts';
import { REQUEST_LIMIT_MS, STORE_RESERVE_MS } from '../../shared/domain/liveness.ts';
import { StoreBusy } from '../../shared/ports/room-store.ts';
import {
  conflict,
  injectFaults,
  lostAnswer,
  refusal,
  type Call,
  type Fault,
} from '../support/dynamodb-faults.ts';
import { assertIntactAndClear } from '../support/dynamodb-items.ts';
import { describeDynamo } from '../support/dynamodb.ts';
import { aClient, aRoom, aTask, HOUR, keyOf, newClient, newRoom, NOW, times } from './room-store/fixtures.ts';

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

describeDynamo('The requests of the store', (tables) => {
  let calls: Call[] = [];
  let plan: (call: Call) => Fault | undefined = () => undefined;
  const client = tables.newClient();
  injectFaults(client, (call) => {
    calls.push(call);
    return plan(call);
  });
  const pauses: number[] = [];
  const store = dynamoRoomStore({
    ...tables,
    client,
    sleep: async (ms) => {
      pauses.push(ms);
    },
  });
  /** Without faults and uncounted. */
  const quiet = dynamoRoomStore(tables);

  beforeEach(() => {
    calls = [];
    plan = () => undefined;
    pauses.length = 0;
  });
  afterEach(() => assertIntactAndClear(tables));

  const commands = () => calls.map(({ command }) => command);
  /** Lets the first `count` requests fail. */
  const failFirst = (count: number, fault: (call: Call) => Fault) => {
    let left = count;
    plan = (call) => (left-- > 0 ? fault(call) : undefined);
  };

  it('are one transaction for a create, a join, a resume, a connect and a re-home', async () => {
    const [task, to] = [await aTask(quiet), await aTask(quiet)];
    const created = await store.createRoom(newRoom(), task, 1_000, NOW);
    expect(created.kind).toBe('created');
    const { room, client: first } = await aRoom(quiet, task);
    await store.addClient(room, newClient(), NOW);
    await store.resumeClient(room, first, NOW + HOUR, NOW);
    await store.markConnected({ ...keyOf(room, first), generation: 2 }, NOW);
    await store.rehomeRoom(room, to, NOW);
    expect(commands()).toEqual(times(5, () => 'TransactWriteItems'));
  });

  it('are one transaction and one snapshot for a create that MAX_ROOMS refuses', async () => {
    const task = await aTask(quiet);
    await aRoom(quiet, task, {}, 1);
    expect(await store.createRoom(newRoom(), task, 1, NOW)).toEqual({ kind: 'rooms_exhausted' });
    expect(commands()).toEqual(['TransactWriteItems', 'TransactGetItems']);
  });

  it('are one update for a failure of a source, and two for the first one', async () => {
    expect(await store.countFailure('source', NOW, NOW + 100)).toEqual({ failures: 1, until: NOW + 100 });
    expect(commands()).toEqual(['UpdateItem', 'UpdateItem']);
    calls = [];
    expect(await store.countFailure('source', NOW, NOW + 100)).toEqual({ failures: 2, until: NOW + 100 });
    expect(commands()).toEqual(['UpdateItem']);
  });

  it('count every failure of a crowd, on one item that no two transactions may write at once', async () => {
    // DynamoDB cancels a transaction while another one writes its item: with a crowd at work, each of them.
    plan = (call) => (call.command.startsWith('Transact') ? conflict(call) : undefined);
    const seen = await Promise.all(times(40, () => store.countFailure('crowd', NOW, NOW + 100)));
    expect(seen.map(({ failures }) => failures).sort((a, b) => a - b)).toEqual(times(40, (n) => n + 1));
  });

  it('are one update for a heartbeat', async () => {
    const task = await aTask(quiet);
    await store.putTask({ ...task, heartbeat_seq: 1 });
    expect(commands()).toEqual(['UpdateItem']);
  });

  it('are a read and one transaction for a removal, of the last one and of another', async () => {
    const { room, client: first } = await aRoom(quiet, await aTask(quiet));
    const other = await aClient(quiet, room);
    await store.removeClient(keyOf(room, first));
    await store.removeClient(keyOf(room, other));
    expect(commands()).toEqual(['GetItem', 'TransactWriteItems', 'GetItem', 'TransactWriteItems']);
  });

  it.each([
    ['a conflict', conflict],
    ...[
      'ThrottlingException',
      'ProvisionedThroughputExceededException',
      'RequestLimitExceeded',
      'InternalServerError',
      'TransactionInProgressException',
    ].map((name) => [name, () => refusal(name)] as const),
  ] as const)(
    'are repeated six times after %s, then the store is busy and nothing is done',
    async (_, fault) => {
      const task = await aTask(quiet);
      failFirst(6, fault);
      expect((await store.createRoom(newRoom(), task, 1_000, NOW)).kind).toBe('created');
      expect(calls).toHaveLength(7);

      calls = [];
      failFirst(7, fault);
      const refused = newRoom();
      await expect(store.createRoom(refused, task, 1_000, NOW)).rejects.toThrow(StoreBusy);
      expect(calls).toHaveLength(7);
      expect(await quiet.getRoom(refused.room_id)).toBeUndefined();
      expect((await quiet.getTask(task.task_id))!.rooms).toBe(1);
    },
  );

  it('wait a random part of a growing time between repetitions', async () => {
    const steady = dynamoRoomStore({
      ...tables,
      client,
      random: () => 0.5,
      sleep: async (ms) => {
        pauses.push(ms);
      },
    });
    failFirst(6, conflict);
    await steady.getTask('nobody');
    expect(pauses).toEqual([12.5, 25, 50, 100, 200, 400]);
  });

  it('have their effect once although the answer is lost twice', async () => {
    const task = await aTask(quiet);
    const wanted = newRoom();
    failFirst(2, lostAnswer);
    const created = await store.createRoom(wanted, task, 1_000, NOW);
    expect(created.kind).toBe('created');
    const tokens = new Set(calls.map(({ input }) => input['ClientRequestToken']));
    expect([calls.length, tokens.size]).toEqual([3, 1]);
    const room = (await quiet.getRoom(wanted.room_id))!;

    failFirst(2, lostAnswer);
    expect((await store.addClient(room, newClient(), NOW)).kind).toBe('admitted');
    failFirst(2, lostAnswer);
    expect((await store.noteSilence(task.task_id, true))!.silent).toBe(1);
    failFirst(2, lostAnswer);
    expect(
      await store.removeClient({
        ...keyOf(room, (await quiet.getRoomWithClients(room.room_id))!.clients[0]!),
      }),
    ).toEqual({
      kind: 'removed',
      closed: false,
    });
    failFirst(2, lostAnswer);
    const late = { ...task, task_id: randomUUID() };
    expect((await store.putTask(late)).kind).toBe('registered');
    failFirst(2, lostAnswer);
    expect(await store.removeTask(late.task_id, late.lease_until)).toBe('removed');
  });

  it('end as busy when every answer is lost; what was done stays whole', async () => {
    const task = await aTask(quiet);
    const wanted = newRoom();
    plan = lostAnswer;
    await expect(store.createRoom(wanted, task, 1_000, NOW)).rejects.toThrow(StoreBusy);
    expect((await quiet.getRoom(wanted.room_id))!.clients).toBe(1);
    expect((await quiet.getTask(task.task_id))!.rooms).toBe(1);
  });

  it('are not begun when the request that they serve has no time left for them, and not repeated', async () => {
    const late = withTimeLeft(STORE_RESERVE_MS - 1, () => store.getTask('nobody'));
    await expect(late).rejects.toThrow(new StoreBusy('no time is left to ask the database'));
    expect(calls).toEqual([]);

    plan = () => refusal('ThrottlingException');
    const patient = dynamoRoomStore({ ...tables, client, sleep: () => sleep(150) });
    const retried = withTimeLeft(STORE_RESERVE_MS + 100, () => patient.getTask('nobody'));
    await expect(retried).rejects.toThrow('no time is left to ask the database');
    expect(calls).toHaveLength(1);
  });

  it('each have the time of their own request, also when they wait for their turn', async () => {
    const many = Array.from({ length: 3 * MAX_REQUESTS }, (_, n) =>
      withTimeLeft(n % 2 === 0 ? STORE_RESERVE_MS - 1 : REQUEST_LIMIT_MS, () => store.getTask('nobody')).then(
        () => 'done',
        (error: Error) => error.name,
      ),
    );
    const outcomes = await Promise.all(many);
    expect(outcomes).toEqual(outcomes.map((_, n) => (n % 2 === 0 ? 'StoreBusy' : 'done')));
  });

  it('are not repeated after a fault of ours, which is thrown as it is', async () => {
    const elsewhere = dynamoRoomStore({ ...tables, client, tasksTable: 'no-such-table' });
    await expect(elsewhere.getTask('nobody')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(elsewhere.createRoom(newRoom(), { task_id: 'a', url: 'b' }, 1, NOW)).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(calls).toHaveLength(2);
  });

  it('send again what a batch left undone', async () => {
    const { room } = await aRoom(quiet, await aTask(quiet), { max_clients: 20 });
    await Promise.all(times(9, () => aClient(quiet, room)));
    const stingy = tables.newClient();
    const sizes: number[] = [];
    // Does three requests of a batch and gives the others back, as DynamoDB does when it is throttled.
    stingy.middlewareStack.add(
      (next, context) => async (args) => {
        if (context['commandName'] !== 'BatchWriteItemCommand') return next(args);
        const { RequestItems } = args.input as { RequestItems: Record<string, unknown[]> };
        const requests = RequestItems[tables.roomsTable]!;
        sizes.push(requests.length);
        const input = { ...args.input, RequestItems: { [tables.roomsTable]: requests.slice(0, 3) } };
        const result = await next({ ...args, input });
        const left = requests.slice(3);
        const UnprocessedItems = left.length > 0 ? { [tables.roomsTable]: left } : {};
        return { ...result, output: { ...result.output, UnprocessedItems } };
      },
      { step: 'initialize', name: 'stingy' },
    );
    const throttled = dynamoRoomStore({ ...tables, client: stingy, sleep: () => Promise.resolve() });
    expect(await throttled.closeRoom(room.room_id, room.epoch)).toBe(true);
    expect(sizes).toEqual([10, 7, 4, 1]);
  });
});

describe('A database that does not answer', () => {
  const tables = { tasksTable: 'tasks', roomsTable: 'rooms', sleep: () => Promise.resolve() };

  it('makes the store busy when it refuses connections', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const client = dynamoDbClient({ endpoint: `http://127.0.0.1:${port}`, region: 'local', credentials });
    const store = dynamoRoomStore({ client, ...tables });
    await expect(store.getTask('nobody')).rejects.toThrow(StoreBusy);
    client.destroy();
  });

  it('makes the store busy when it is silent', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const client = dynamoDbClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'local',
      credentials,
      requestHandler: { requestTimeout: 50, throwOnRequestTimeout: true },
    });
    const store = dynamoRoomStore({ client, ...tables });
    await expect(store.getTask('nobody')).rejects.toThrow(StoreBusy);
    client.destroy();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
});
