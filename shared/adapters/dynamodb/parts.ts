/**
 * Parts of writes. In every expression `#name` is the attribute `name` (so no reserved word matters) and `:value` one of
 * `values`. A part whose condition fails gives back the item that did not fit.
 */
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Item } from './trouble.ts';

export type Part = NonNullable<TransactWriteCommandInput['TransactItems']>[number];
export type Key = Readonly<Record<string, string>>;
/** Table and key of one item. */
export interface Place {
  table: string;
  key: Key;
}
type Values = Readonly<Record<string, string | number>>;

const ON_FAILURE = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

/** `ExpressionAttributeNames` and `ExpressionAttributeValues` of the expressions in `text`. */
export function expressionParts(text: string, values: Values = {}) {
  const names = Object.fromEntries([...text.matchAll(/#([a-z_]+)/g)].map(([alias, name]) => [alias, name!]));
  return {
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length > 0 && {
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries(values).map(([name, value]) => [`:${name}`, value]),
      ),
    }),
  };
}

export function update({ table, key }: Place, change: string, condition: string, values: Values) {
  return {
    Update: {
      TableName: table,
      Key: key,
      UpdateExpression: change,
      ConditionExpression: condition,
      ...expressionParts(`${change} ${condition}`, values),
      ...ON_FAILURE,
    },
  } satisfies Part;
}

/** Puts an item where there is none. `room_id` is a key of both tables. */
export function putNew(table: string, item: Item) {
  const condition = 'attribute_not_exists(#room_id)';
  return {
    Put: {
      TableName: table,
      Item: item,
      ConditionExpression: condition,
      ...expressionParts(condition),
      ...ON_FAILURE,
    },
  } satisfies Part;
}

export function remove({ table, key }: Place, condition?: string, values?: Values) {
  return {
    Delete: {
      TableName: table,
      Key: key,
      ...(condition !== undefined && {
        ConditionExpression: condition,
        ...expressionParts(condition, values),
        ...ON_FAILURE,
      }),
    },
  } satisfies Part;
}

export function check({ table, key }: Place, condition: string, values?: Values) {
  return {
    ConditionCheck: {
      TableName: table,
      Key: key,
      ConditionExpression: condition,
      ...expressionParts(condition, values),
      ...ON_FAILURE,
    },
  } satisfies Part;
}
