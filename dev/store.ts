/** Which store the local stack uses, and DynamoDB Local with its tables. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { findJava, startDynamoDbLocal } from './dynamodb-local.ts';
import { REGION, TABLES } from './settings.ts';
import { createTables } from './tables.ts';

export type StoreChoice = {
  store: 'dynamodb' | 'memory';
  /** What it is and why, for people. */
  about: string;
};

/** Chooses the store; `wanted` is the setting STORE. Throws a sentence if DynamoDB is wanted and there is no Java. */
export function chooseStore(wanted: 'dynamodb' | 'memory' | undefined): StoreChoice {
  if (wanted === 'memory') return { store: 'memory', about: 'memory (STORE=memory)' };
  const java = findJava();
  if ('path' in java) return { store: 'dynamodb', about: `DynamoDB Local (Java ${java.version})` };
  if (wanted === 'dynamodb') {
    throw new Error(`STORE=dynamodb needs Java: ${java.missing}. Install one, or set STORE=memory.`);
  }
  return { store: 'memory', about: `memory (DynamoDB Local needs Java: ${java.missing})` };
}

/** Starts DynamoDB Local and creates the tables. `env` is what SDK clients need to find it. */
export async function startStore(): Promise<{ env: Record<string, string>; stop(): Promise<void> }> {
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
