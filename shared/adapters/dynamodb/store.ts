import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { RoomStore } from '../../ports/room-store.ts';
import { dynamoCalls } from './calls.ts';
import { clientMethods } from './clients.ts';
import { closeMethods } from './close.ts';
import type { Context } from './context.ts';
import { connectionMethods } from './connections.ts';
import { createMethods } from './create.ts';
import { places } from './keys.ts';
import { pendingMethods } from './pending.ts';
import { readMethods } from './reads.ts';
import { rehomeRoomMethod } from './rehome.ts';
import { removeClientMethod } from './remove.ts';
import { requestMethods } from './requests.ts';
import { scalingMethods } from './scaling.ts';
import { sweepLockMethods } from './sweep-lock.ts';
import { taskMethods } from './tasks.ts';

export interface DynamoStoreOptions {
  /** From `dynamoDbClient`: one that retries by itself would retry what is retried here. */
  client: DynamoDBClient;
  tasksTable: string;
  roomsTable: string;
  /** Numbers in [0, 1): which shard of the quota, how long to wait before a retry. */
  random?: () => number;
  /** Waits before a retry, milliseconds. */
  sleep?: (ms: number) => Promise<void>;
}

/** The store on DynamoDB: two tables, conditional writes and transactions, never a Scan. */
export function dynamoRoomStore(options: DynamoStoreOptions): RoomStore {
  const { client, tasksTable, roomsTable, random = Math.random } = options;
  const names = { tasks: tasksTable, rooms: roomsTable };
  const context: Context = {
    calls: dynamoCalls(DynamoDBDocumentClient.from(client), {
      random,
      sleep: options.sleep ?? ((ms) => sleep(ms)),
    }),
    names,
    at: places(names),
    random,
  };
  return {
    ...taskMethods(context),
    ...readMethods(context),
    ...createMethods(context),
    ...pendingMethods(context),
    ...clientMethods(context),
    ...rehomeRoomMethod(context),
    ...removeClientMethod(context),
    ...closeMethods(context),
    ...requestMethods(context),
    ...connectionMethods(context),
    ...sweepLockMethods(context),
    ...scalingMethods(context),
  };
}
