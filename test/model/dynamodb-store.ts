import { randomUUID } from 'node:crypto';
import { startDynamoDbLocal } from '../../dev/dynamodb-local.ts';
import { createTables } from '../../dev/tables.ts';
import { dynamoDbClient } from '../../shared/adapters/dynamodb/index.ts';
import { dynamodbBackends } from './dynamodb-backend.ts';
import type { Store } from './model.ts';

const connect = (endpoint: string) =>
  dynamoDbClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: { requestTimeout: 30_000, throwOnRequestTimeout: true },
  });

/** Runs `use` with a store on DynamoDB Local: the one at `endpoint`, or one of its own. */
export async function withDynamoDb<T>(use: (store: Store) => Promise<T>, endpoint?: string): Promise<T> {
  const local = endpoint === undefined ? await startDynamoDbLocal() : undefined;
  const at = endpoint ?? local!.endpoint;
  const client = connect(at);
  const inspector = connect(at);
  try {
    const id = randomUUID();
    const names = { tasks: `tasks-${id}`, rooms: `rooms-${id}` };
    await createTables(inspector, names);
    const tables = { client, inspector, tasksTable: names.tasks, roomsTable: names.rooms };
    return await use({ name: 'dynamodb', ...dynamodbBackends(tables) });
  } finally {
    client.destroy();
    inspector.destroy();
    await local?.stop();
  }
}
