/** DynamoDB Local with the tables of this stack. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynamoDbLocal } from './dynamodb-local.ts';
import { REGION, TABLES } from './settings.ts';
import { createTables } from './tables.ts';

/** Starts DynamoDB Local and creates the tables. `env` is what SDK clients need to find it. */
export async function startDatabase(): Promise<{ env: Record<string, string>; stop(): Promise<void> }> {
  const database = await startDynamoDbLocal();
  const client = new DynamoDBClient({
    endpoint: database.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await createTables(client, TABLES);
  } catch (error) {
    await database.stop();
    throw error;
  } finally {
    client.destroy();
  }
  return { env: { AWS_ENDPOINT_URL_DYNAMODB: database.endpoint }, stop: () => database.stop() };
}
