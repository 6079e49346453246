import { GetItemCommand, PutItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startThrottle, type Throttle } from '../../../../dev/faults/throttle.ts';
import { dynamoDbClient, dynamoRoomStore } from '../../../../shared/adapters/dynamodb/index.ts';
import { StoreBusy } from '../../../../shared/ports/room-store.ts';
import { describeDynamo } from '../../../support/dynamodb.ts';

describeDynamo('DynamoDB behind a throttle', ({ endpoint, tasksTable, roomsTable }) => {
  let throttle: Throttle;
  /** Whether the next request is refused. */
  let chance = 0;
  beforeAll(async () => {
    throttle = await startThrottle(endpoint, () => chance);
  });
  afterAll(() => throttle.stop());
  const connect = () =>
    dynamoDbClient({
      endpoint: `http://127.0.0.1:${throttle.port}`,
      region: 'local',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
  const item = { room_id: { S: '1' }, client_id: { S: '2' } };
  const put = new PutItemCommand({ TableName: roomsTable, Item: item });

  it('answers as ever while nothing is throttled', async () => {
    const client = connect();
    throttle.share = 0;
    await client.send(put);
    const { Item } = await client.send(new GetItemCommand({ TableName: roomsTable, Key: item }));
    expect(Item).toEqual(item);
    client.destroy();
  });

  it('refuses its share as errors that the SDK client knows', async () => {
    const client = connect();
    throttle.share = 0.5;
    chance = 0.6;
    await client.send(put);
    chance = 0.4;
    const names = await Promise.all([0, 1].map(() => client.send(put).catch((error: Error) => error.name)));
    expect(new Set(names)).toEqual(
      new Set(['ProvisionedThroughputExceededException', 'ThrottlingException']),
    );
    const transaction = new TransactWriteItemsCommand({
      TransactItems: [
        { Put: { TableName: roomsTable, Item: item } },
        { Delete: { TableName: tasksTable, Key: { task_id: { S: '1' }, room_id: { S: '2' } } } },
      ],
    });
    await expect(client.send(transaction)).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [
        { Code: expect.stringMatching(/^(ProvisionedThroughputExceeded|ThrottlingError)$/) as string },
        { Code: 'None' },
      ],
    });
    expect(throttle.refused).toBe(3);
    client.destroy();
  });

  it('makes the store busy, reads and writes', async () => {
    const client = connect();
    const store = dynamoRoomStore({ client, tasksTable, roomsTable, sleep: () => Promise.resolve() });
    throttle.share = 1;
    chance = 0;
    await expect(store.listTasks()).rejects.toThrow(StoreBusy);
    await expect(store.lockSweep('update-tasks', 'me', 0, 1)).rejects.toThrow(StoreBusy);
    const removal = { room_id: '12345', epoch: 1, client_id: 'c', generation: 1 };
    await expect(store.removeClient(removal)).rejects.toThrow(StoreBusy);
    throttle.share = 0;
    expect(await store.listTasks()).toEqual([]);
    client.destroy();
  });
});
