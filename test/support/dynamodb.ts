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
  return dynamoDbClient({
    endpoint,
    region: 'local',
    credentials,
    // A test must not fail because the machine is busy with others.
    requestHandler: { requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
}

/**
 * A suite that needs DynamoDB Local. Where there is no Java it is skipped, and its name says why; in CI that is a failure
 * instead.
 */
export function describeWithJava(name: string, suite: (endpoint: string) => void): void {
  const dynamodb = inject('dynamodb');
  const missing = 'missing' in dynamodb ? dynamodb.missing : undefined;
  const endpoint = 'endpoint' in dynamodb ? dynamodb.endpoint : 'http://127.0.0.1:0';
  const note = missing === undefined ? '' : ` (${missing})`;
  describe.skipIf(missing !== undefined && process.env['CI'] === undefined)(`${name}${note}:`, () => {
    beforeAll(() => {
      if (missing !== undefined) throw new Error(`not to be skipped in CI: ${missing}`);
    });
    suite(endpoint);
  });
}

/** A suite on DynamoDB Local with two fresh tables of its own. */
export function describeDynamo(name: string, suite: (tables: DynamoTables) => void): void {
  describeWithJava(name, (endpoint) => {
    const clients: DynamoDBClient[] = [];
    const newClient = () => {
      const client = connect(endpoint);
      clients.push(client);
      return client;
    };
    const client = newClient();
    const id = randomUUID();
    const names = { tasks: `tasks-${id}`, rooms: `rooms-${id}` };

    beforeAll(() => createTables(client, names));
    afterAll(async () => {
      for (const TableName of Object.values(names)) {
        await client.send(new DeleteTableCommand({ TableName }));
      }
      for (const opened of clients) opened.destroy();
    });
    suite({ endpoint, tasksTable: names.tasks, roomsTable: names.rooms, client, newClient });
  });
}
