import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { createTables } from '../../dev/tables.ts';
import { dynamoDbClient } from '../../shared/adapters/dynamodb/index.ts';

export interface DynamoTables {
  endpoint: string;
  tasksTable: string;
  roomsTable: string;
  /** A client of DynamoDB Local that belongs to the suite. */
  client: DynamoDBClient;
  /** Another one, for a test that changes it: its middleware does not touch the suite's. It is closed with the suite. */
  newClient(): DynamoDBClient;
}

function connect(endpoint: string): DynamoDBClient {
  // DynamoDB Local looks at neither, but the client wants both.
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return dynamoDbClient({ endpoint, region: 'local', credentials });
}

/**
 * A suite on DynamoDB Local with two fresh tables of its own. Where there is no Java it is skipped, and says why; in CI
 * that is a failure.
 */
export function describeDynamo(name: string, suite: (tables: DynamoTables) => void): void {
  const dynamodb = inject('dynamodb');
  const reason = 'missing' in dynamodb ? dynamodb.missing : undefined;
  const endpoint = 'endpoint' in dynamodb ? dynamodb.endpoint : 'http://127.0.0.1:0';
  const why = reason === undefined ? '' : ` (${reason})`;
  const skipped = reason !== undefined && process.env['CI'] === undefined;
  describe.skipIf(skipped)(`${name}${why}`, () => {
    const id = randomUUID();
    const clients: DynamoDBClient[] = [];
    const newClient = () => {
      const client = connect(endpoint);
      clients.push(client);
      return client;
    };
    const client = newClient();
    const names = { tasks: `tasks-${id}`, rooms: `rooms-${id}` };

    beforeAll(async () => {
      if (reason !== undefined) throw new Error(`not to be skipped in CI: ${reason}`);
      await createTables(client, names);
    });
    afterAll(async () => {
      for (const TableName of [names.tasks, names.rooms])
        await client.send(new DeleteTableCommand({ TableName }));
      for (const opened of clients) opened.destroy();
    });
    suite({ endpoint, tasksTable: names.tasks, roomsTable: names.rooms, client, newClient });
  });
}
