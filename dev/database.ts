/** DynamoDB Local with the tables of this stack. */
import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynamoDbLocal, type DynamoDbLocal } from './dynamodb-local.ts';
import { REGION, TABLES } from './settings.ts';
import { createTables, deleteTables } from './tables.ts';

export interface Database {
  /** What SDK clients need to find it. */
  env: Record<string, string>;
  /** Ends the database, or leaves one that ran already as it was found. */
  stop(): Promise<void>;
}

/**
 * Starts DynamoDB Local and creates the tables; with `running`, the endpoint of one that runs already, it creates them there.
 * Unless that was started with `-sharedDb` it has a database for each access key, so that stacks do not meet.
 */
export async function startDatabase(running?: string): Promise<Database> {
  const key = running === undefined ? 'local' : `local${randomBytes(8).toString('hex')}`;
  const database: DynamoDbLocal =
    running === undefined ? await startDynamoDbLocal() : { endpoint: running, stop: async () => undefined };
  const withClient = async (use: (client: DynamoDBClient) => Promise<void>): Promise<void> => {
    const client = new DynamoDBClient({
      endpoint: database.endpoint,
      region: REGION,
      credentials: { accessKeyId: key, secretAccessKey: 'local' },
    });
    await use(client).finally(() => client.destroy());
  };
  try {
    await withClient((client) => createTables(client, TABLES));
  } catch (error) {
    await database.stop();
    throw error;
  }
  return {
    env: { AWS_ENDPOINT_URL_DYNAMODB: database.endpoint, AWS_ACCESS_KEY_ID: key },
    async stop() {
      // One that has ended meanwhile has no tables any more.
      if (running !== undefined)
        await withClient((client) => deleteTables(client, TABLES)).catch(() => undefined);
      await database.stop();
    },
  };
}
