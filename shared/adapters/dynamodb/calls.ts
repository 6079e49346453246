/** Every request to DynamoDB, with its retries and its outcome as a value. */
import { randomUUID } from 'node:crypto';
import {
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  QueryCommand,
  TransactGetCommand,
  TransactWriteCommand,
  UpdateCommand,
  type DynamoDBDocumentClient,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import pLimit from 'p-limit';
import { STORE_RESERVE_MS } from '../../domain/liveness.ts';
import { StoreBusy } from '../../ports/room-store.ts';
import { timeLeft } from '../time-left.ts';
import { MAX_REQUESTS } from './client.ts';
import type { Key, Part, Place, remove, update } from './parts.ts';
import { retrying, type Chance } from './retry.ts';
import { readTrouble, Unprocessed, type Item } from './trouble.ts';

/** How one write came out. `item`: afterwards if it was done, else the one that did not fit its condition. */
export type Outcome = { kind: 'done'; item: Item } | { kind: 'failed'; item: Item | undefined };

/** How a transaction came out: `failed` has the parts whose conditions failed, with the items that did not fit. */
export type TransactionOutcome<K extends string> =
  { kind: 'done' } | { kind: 'failed'; failed: { [Name in K]?: { item: Item | undefined } } };

/** The parts of a transaction by name; one that is undefined is no part of it. */
export type Parts<K extends string> = Record<K, Part | undefined>;

export type Calls = ReturnType<typeof dynamoCalls>;

/** Limit of BatchWriteItem. */
const BATCH = 25;

export function dynamoCalls(client: DynamoDBDocumentClient, chance: Chance) {
  // The time limits of the HTTP client also run while a request waits for a socket, so without this a burst in the local
  // stack would time out before it is even sent. In Lambda nothing ever waits here.
  const limited = pLimit(MAX_REQUESTS);
  const retry = <T>(attempt: () => Promise<T>) =>
    retrying(chance, () =>
      limited(() => {
        // A database that answers late, or only now and then, must not take the time in which we could say so.
        if (timeLeft() < STORE_RESERVE_MS) throw new StoreBusy('no time is left to ask the database');
        return attempt();
      }),
    );

  /** Undefined unless the conditions failed, which is an outcome; other errors are thrown on. */
  const failuresOf = (error: unknown) => {
    const trouble = readTrouble(error);
    if (trouble.kind !== 'conditions') throw error;
    return trouble.failures;
  };

  /** The pages of a query, as many as are asked for; the first one of at most `first` items. */
  async function* pages(query: QueryCommandInput, first?: number): AsyncGenerator<Item[]> {
    let from: QueryCommandInput['ExclusiveStartKey'];
    do {
      const input = { ...query, ExclusiveStartKey: from, ...(from === undefined && { Limit: first }) };
      const { Items, LastEvaluatedKey } = await retry(() => client.send(new QueryCommand(input)));
      yield Items ?? [];
      from = LastEvaluatedKey;
    } while (from !== undefined);
  }

  return {
    /**
     * All parts or none. Its token makes a repetition after a lost answer have no second effect (DynamoDB remembers it
     * for ten minutes).
     */
    async transact<K extends string>(parts: Parts<K>): Promise<TransactionOutcome<K>> {
      const names = (Object.keys(parts) as K[]).filter((name) => parts[name] !== undefined);
      const command = { ClientRequestToken: randomUUID(), TransactItems: names.map((name) => parts[name]!) };
      try {
        await retry(() => client.send(new TransactWriteCommand(command)));
        return { kind: 'done' };
      } catch (error) {
        const failures = failuresOf(error);
        const failed: { [Name in K]?: { item: Item | undefined } } = {};
        names.forEach((name, index) => {
          const failure = failures[index];
          if (failure !== undefined) failed[name] = failure;
        });
        return { kind: 'failed', failed };
      }
    },

    /** One update, which must do no harm if it is done twice. */
    async update({ Update }: ReturnType<typeof update>): Promise<Outcome> {
      try {
        const { Attributes } = await retry(() =>
          client.send(new UpdateCommand({ ...Update, ReturnValues: 'ALL_NEW' })),
        );
        return { kind: 'done', item: Attributes ?? {} };
      } catch (error) {
        return { kind: 'failed', item: failuresOf(error)[0]?.item };
      }
    },

    /** One deletion. Whether its condition held does not matter to any caller. */
    async remove({ Delete }: ReturnType<typeof remove>): Promise<void> {
      try {
        await retry(() => client.send(new DeleteCommand(Delete)));
      } catch (error) {
        failuresOf(error);
      }
    },

    /** One item, strongly consistent. */
    async get({ table, key }: Place): Promise<Item | undefined> {
      const { Item } = await retry(() =>
        client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true })),
      );
      return Item;
    },

    /** Several items as they were at one instant. */
    async snapshot(places: readonly Place[]): Promise<(Item | undefined)[]> {
      const TransactItems = places.map(({ table, key }) => ({ Get: { TableName: table, Key: key } }));
      const { Responses } = await retry(() => client.send(new TransactGetCommand({ TransactItems })));
      return places.map((_, index) => Responses?.[index]?.Item);
    },

    pages,

    /** Every item of a query, in order. */
    async all(query: QueryCommandInput): Promise<Item[]> {
      const items: Item[] = [];
      for await (const page of pages(query)) items.push(...page);
      return items;
    },

    /** How many items a query finds. */
    async count(query: QueryCommandInput): Promise<number> {
      let count = 0;
      let from: QueryCommandInput['ExclusiveStartKey'];
      do {
        const input: QueryCommandInput = { ...query, Select: 'COUNT', ExclusiveStartKey: from };
        const { Count, LastEvaluatedKey } = await retry(() => client.send(new QueryCommand(input)));
        count += Count ?? 0;
        from = LastEvaluatedKey;
      } while (from !== undefined);
      return count;
    },

    /** Removes items whatever they hold. Not atomic; may be repeated. */
    async removeAll(table: string, keys: readonly Key[]): Promise<void> {
      for (let start = 0; start < keys.length; start += BATCH) {
        let left = keys.slice(start, start + BATCH);
        await retry(async () => {
          const requests = left.map((key) => ({ DeleteRequest: { Key: key } }));
          const { UnprocessedItems } = await client.send(
            new BatchWriteCommand({ RequestItems: { [table]: requests } }),
          );
          left = (UnprocessedItems?.[table] ?? []).map(({ DeleteRequest }) => DeleteRequest?.Key as Key);
          if (left.length > 0) throw new Unprocessed();
        });
      }
    },
  };
}
