/** What is in the tables of a local stack. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { TABLES } from '../../dev/settings.ts';
import { allItems, itemBreaches, type StoredItem } from './dynamodb-items.ts';

export interface StackTables {
  /** What does not hold of the items, each breach as a sentence (see `itemBreaches`). */
  breaches: string[];
  /** Client ids by room id, both sorted. */
  rooms: Record<string, string[]>;
  /** Task ids, sorted. */
  tasks: string[];
}

/** A client of the DynamoDB of a stack. `aws`: environment to reach DynamoDB Local. */
export function clientOf(aws: Readonly<Record<string, string>>): DynamoDBClient {
  return new DynamoDBClient({
    region: aws['AWS_REGION']!,
    endpoint: aws['AWS_ENDPOINT_URL_DYNAMODB']!,
    credentials: { accessKeyId: aws['AWS_ACCESS_KEY_ID']!, secretAccessKey: aws['AWS_SECRET_ACCESS_KEY']! },
  });
}

/** Every item of both tables. `aws`: see {@link clientOf}. */
export async function readItems(
  aws: Record<string, string>,
): Promise<{ tasks: StoredItem[]; rooms: StoredItem[] }> {
  const client = clientOf(aws);
  try {
    const [tasks, rooms] = await Promise.all([
      allItems(client, TABLES.tasks),
      allItems(client, TABLES.rooms),
    ]);
    return { tasks, rooms };
  } finally {
    client.destroy();
  }
}

/** Reads both tables, see {@link readItems}. */
export async function readTables(aws: Record<string, string>): Promise<StackTables> {
  const { tasks, rooms: items } = await readItems(aws);
  const ids = (key: string, of = items) => of.map((item) => String(item[key])).sort();
  const numbers = ids(
    'room_id',
    items.filter(({ client_id }) => client_id === '#room'),
  );
  const clientsOf = (number: string) =>
    ids(
      'client_id',
      items.filter(({ room_id, client_id }) => room_id === number && client_id !== '#room'),
    );
  return {
    breaches: itemBreaches(tasks, items),
    rooms: Object.fromEntries(numbers.map((number) => [number, clientsOf(number)])),
    tasks: ids(
      'task_id',
      tasks.filter(({ room_id }) => room_id === '#task'),
    ),
  };
}
