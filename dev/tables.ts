/** The two tables on DynamoDB Local, made from infra/tables.yml, the file that creates the real ones. */
import { readFileSync } from 'node:fs';
import {
  CreateTableCommand,
  DeleteTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type CreateTableCommandInput,
  type DynamoDBClient,
  type TimeToLiveSpecification,
} from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';

/** What is read of `AWS::DynamoDB::Table`; these properties have the names and shapes of the API's own. */
export interface TableDefinition {
  table: Pick<
    CreateTableCommandInput,
    'AttributeDefinitions' | 'KeySchema' | 'GlobalSecondaryIndexes' | 'BillingMode'
  >;
  ttl: TimeToLiveSpecification;
}

interface TableResource {
  Properties: TableDefinition['table'] & { TimeToLiveSpecification: TimeToLiveSpecification };
}

/** The definitions of both tables. */
export function tableDefinitions(): { tasks: TableDefinition; rooms: TableDefinition } {
  const text = readFileSync(new URL('../infra/tables.yml', import.meta.url), 'utf8');
  const { Resources } = parse(text) as { Resources: Record<'TasksTable' | 'RoomsTable', TableResource> };
  const define = ({ Properties }: TableResource): TableDefinition => ({
    table: {
      AttributeDefinitions: Properties.AttributeDefinitions,
      KeySchema: Properties.KeySchema,
      GlobalSecondaryIndexes: Properties.GlobalSecondaryIndexes,
      BillingMode: Properties.BillingMode,
    },
    ttl: Properties.TimeToLiveSpecification,
  });
  return { tasks: define(Resources.TasksTable), rooms: define(Resources.RoomsTable) };
}

async function createTable(
  client: DynamoDBClient,
  TableName: string,
  definition: TableDefinition,
): Promise<void> {
  await client.send(new CreateTableCommand({ TableName, ...definition.table }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: definition.ttl }));
}

/** Creates both tables under the given names and waits until they can be used. */
export async function createTables(
  client: DynamoDBClient,
  names: { tasks: string; rooms: string },
): Promise<void> {
  const { tasks, rooms } = tableDefinitions();
  await Promise.all([createTable(client, names.tasks, tasks), createTable(client, names.rooms, rooms)]);
}

export async function deleteTables(
  client: DynamoDBClient,
  names: { tasks: string; rooms: string },
): Promise<void> {
  const gone = [names.tasks, names.rooms].map((TableName) =>
    client.send(new DeleteTableCommand({ TableName })),
  );
  await Promise.all(gone);
}
