import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { tableDefinitions } from '../../../dev/tables.ts';
import { FLEET_INDEX, PLACEMENT_INDEX } from '../../../shared/adapters/dynamodb/keys.ts';

interface Resource {
  Type: string;
  DeletionPolicy: string;
  UpdateReplacePolicy: string;
  Properties: Record<string, unknown>;
}

const text = readFileSync(new URL('../../../infra/tables.yml', import.meta.url), 'utf8');
const { Resources } = parse(text) as { Resources: Record<string, Resource> };

describe('the tables', () => {
  it('are two', () => {
    expect(Object.keys(Resources)).toEqual(['TasksTable', 'RoomsTable']);
  });

  it.each(Object.entries(Resources))(
    '%s keeps its data, costs nothing while idle and is encrypted',
    (_, table) => {
      expect(table).toMatchObject({
        Type: 'AWS::DynamoDB::Table',
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { SSEEnabled: true },
          TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        },
      });
    },
  );

  it('have the keys and the indexes that the store uses', () => {
    const { tasks, rooms } = tableDefinitions();
    const keys = (schema: { AttributeName?: string | undefined }[] | undefined) =>
      schema?.map(({ AttributeName }) => AttributeName);
    const indexes = (definition: typeof tasks) =>
      definition.table.GlobalSecondaryIndexes?.map(({ IndexName, KeySchema }) => [
        IndexName,
        keys(KeySchema),
      ]);
    expect(keys(tasks.table.KeySchema)).toEqual(['task_id', 'room_id']);
    expect(keys(rooms.table.KeySchema)).toEqual(['room_id', 'client_id']);
    expect(indexes(tasks)).toEqual([
      [PLACEMENT_INDEX, ['placement', 'rooms']],
      [FLEET_INDEX, ['fleet', 'task_id']],
    ]);
    expect(indexes(rooms)).toEqual([['pending-index', ['pending', 'created_at']]]);
  });
});
