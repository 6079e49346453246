/**
 * The store on DynamoDB Local. Time passes, things fail and others come in between at each single request to the
 * database, not only at each method of the store.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  InternalServerError,
  TransactionCanceledException,
  TransactionConflictException,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { clientOf, roomOf, taskOf } from '../../shared/adapters/dynamodb/items.ts';
import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { allItems, inspectAndClear, itemBreaches, type StoredItem } from '../support/dynamodb-items.ts';
import type { Failures, Request } from './request.ts';
import type { Backend, Rows } from './rows.ts';
import { mixed } from './trouble.ts';

interface Tables {
  /** What the stores work with. */
  client: DynamoDBClient;
  /** Another client, to look at the tables with. */
  inspector: DynamoDBClient;
  tasksTable: string;
  roomsTable: string;
}

interface Context {
  request: Request;
  wrote: (rows: Rows) => void;
}

const details = { $metadata: {}, message: 'injected' };
const failure = (fields: object) => Object.assign(new Error('injected'), fields);

/** DynamoDB's own ways to fail, of which `readTrouble` knows what they mean. */
function failuresOf(command: string): Failures {
  const conflict = command.startsWith('Transact')
    ? () =>
        new TransactionCanceledException({
          ...details,
          CancellationReasons: [{ Code: 'TransactionConflict' }],
        })
    : () => new TransactionConflictException(details);
  return {
    before: (what) =>
      what === 'fail'
        ? conflict()
        : failure(what === 'reset' ? { code: 'ECONNREFUSED' } : { name: 'TimeoutError' }),
    after: (what) => (what === 'fail' ? new InternalServerError(details) : failure({ code: 'ECONNRESET' })),
  };
}

const WRITES = /^(TransactWrite|BatchWrite|Update|Delete)/;

/** Whether a request may change what a run watches: heartbeats and the sweep's lock do not. */
function matters(command: string, input: unknown): boolean {
  const alone = command === 'UpdateItem' || command === 'DeleteItem';
  const key = JSON.stringify((input as { Key?: unknown }).Key ?? {});
  return WRITES.test(command) && !(alone && /"#(task|sweep)"/.test(key));
}

/** A room that is being closed: what belongs to it is removed step by step. */
function atRest(taskItems: readonly StoredItem[], roomItems: readonly StoredItem[]): string[] {
  const closing = new Set(
    roomItems.filter((item) => item['state'] === 'CLOSED').map((item) => String(item['room_id'])),
  );
  const breaches = itemBreaches(taskItems, roomItems);
  return breaches.filter((breach) => ![...closing].some((room_id) => breach.includes(room_id)));
}

export function rowsOf(taskItems: readonly StoredItem[], roomItems: readonly StoredItem[]): Rows {
  const rooms = roomItems.filter((item) => item['client_id'] === '#room').map(roomOf);
  return {
    tasks: taskItems.filter((item) => item['room_id'] === '#task').map(taskOf),
    placed: taskItems
      .filter((item) => !String(item['room_id']).startsWith('#'))
      .map(({ task_id, room_id, epoch }) => ({
        task_id: String(task_id),
        room_id: String(room_id),
        epoch: Number(epoch),
      })),
    rooms: rooms.map((room) => ({
      room,
      clients: roomItems
        .filter((item) => item['room_id'] === room.room_id && item['client_id'] !== '#room')
        .flatMap((item) => clientOf(item, room) ?? []),
    })),
    breaches: atRest(taskItems, roomItems),
  };
}

/** Prepares `tables.client`; the backends made by the result share the tables, one at a time. */
export function dynamodbBackends(tables: Tables): {
  make(seed: number): Backend;
  clear(): Promise<string[]>;
} {
  const { client, inspector, tasksTable, roomsTable } = tables;
  const contexts = new AsyncLocalStorage<Context>();
  const rows = async () => {
    const items = [allItems(inspector, tasksTable), allItems(inspector, roomsTable)] as const;
    return rowsOf(...(await Promise.all(items)));
  };
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const context = contexts.getStore();
        const command = String(commandName).replace(/Command$/, '');
        if (context === undefined) throw new Error(`${command} outside a request`);
        const { request, wrote } = context;
        const work = async () => {
          const result = await next(args);
          if (matters(command, args.input)) wrote(await rows());
          return result;
        };
        return request.call(() => request.scheduler.external(work), failuresOf(command));
      },
    { step: 'initialize', name: 'model' },
  );

  return {
    make(seed) {
      let stores = 0;
      return {
        storeFor(request, wrote) {
          const context = { request, wrote };
          const of = stores++;
          let draws = 0;
          const random = () => mixed(seed, of, draws++);
          const sleep = (ms: number) => request.pause(Math.ceil(ms));
          // One for each request: each has its own bound on what it sends at once, as each Lambda has.
          const store = dynamoRoomStore({ client, tasksTable, roomsTable, random, sleep });
          return new Proxy(store, {
            get(target, name) {
              const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
              return (...args: unknown[]) => contexts.run(context, () => method(...args));
            },
          });
        },

        rows,
      };
    },

    clear: () => inspectAndClear({ client: inspector, tasksTable, roomsTable }),
  };
}
