/**
 * What each method of the DynamoDB store asks of IAM. The roles must allow a function what its methods need, and nothing
 * else; test/integration/infra/store-access.test.ts watches the store's real requests keep to this table.
 */
import { readFileSync } from 'node:fs';
import type { RoomStore } from '../../../shared/ports/room-store.ts';

export type Resource =
  | 'TasksTable'
  | 'RoomsTable'
  | 'TasksTable/index/placement-index'
  | 'TasksTable/index/fleet-index'
  | 'RoomsTable/index/pending-index';
export type Action =
  'GetItem' | 'Query' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'ConditionCheckItem' | 'BatchWriteItem';
export type Access = Partial<Record<Resource, Action[]>>;

export const STORE_ACCESS: Record<keyof RoomStore, Access> = {
  putTask: { TasksTable: ['UpdateItem'] },
  getTask: { TasksTable: ['GetItem'] },
  placementCandidates: { 'TasksTable/index/placement-index': ['Query'] },
  stopTask: { TasksTable: ['UpdateItem'] },
  listTasks: { 'TasksTable/index/fleet-index': ['Query'] },
  listTaskRooms: { TasksTable: ['Query'] },
  noteSilence: { TasksTable: ['UpdateItem'] },
  removeTask: { TasksTable: ['DeleteItem'] },
  createRoom: { TasksTable: ['GetItem', 'PutItem', 'UpdateItem'], RoomsTable: ['PutItem'] },
  createPendingRoom: { TasksTable: ['GetItem', 'UpdateItem'], RoomsTable: ['PutItem'] },
  listPending: { 'RoomsTable/index/pending-index': ['Query'] },
  countPending: { 'RoomsTable/index/pending-index': ['Query'] },
  placeRoom: { TasksTable: ['PutItem', 'UpdateItem'], RoomsTable: ['UpdateItem'] },
  getRoom: { RoomsTable: ['GetItem'] },
  getRoomWithClients: { RoomsTable: ['Query'] },
  getRoomAndClient: { RoomsTable: ['GetItem'] },
  addClient: { RoomsTable: ['PutItem', 'UpdateItem'] },
  resumeClient: { RoomsTable: ['UpdateItem', 'ConditionCheckItem'] },
  markConnected: { RoomsTable: ['UpdateItem', 'ConditionCheckItem'] },
  rehomeRoom: {
    TasksTable: ['PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
    RoomsTable: ['UpdateItem'],
  },
  removeClient: {
    TasksTable: ['UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
    RoomsTable: ['GetItem', 'UpdateItem', 'DeleteItem'],
  },
  closeRoom: {
    TasksTable: ['UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
    RoomsTable: ['Query', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'],
  },
  extendRoom: { RoomsTable: ['UpdateItem'] },
  dropTaskRoom: {
    TasksTable: ['GetItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
    RoomsTable: ['GetItem', 'Query', 'DeleteItem', 'ConditionCheckItem', 'BatchWriteItem'],
  },
  getKey: { RoomsTable: ['GetItem'] },
  getFailures: { RoomsTable: ['GetItem'] },
  countFailure: { RoomsTable: ['UpdateItem'] },
  putConnection: { RoomsTable: ['PutItem'] },
  getConnection: { RoomsTable: ['GetItem'] },
  removeConnection: { RoomsTable: ['GetItem', 'DeleteItem'] },
  listConnections: { RoomsTable: ['Query'] },
  lockSweep: { TasksTable: ['UpdateItem'] },
  unlockSweep: { TasksTable: ['DeleteItem'] },
  setTaskState: { TasksTable: ['UpdateItem'] },
  getScaling: { TasksTable: ['GetItem'] },
  putScaling: { TasksTable: ['UpdateItem'] },
};

/** Two use cases share a file, so that its text does not tell which of them calls what. */
const TOLD_APART: Record<string, (keyof RoomStore)[]> = {
  'available-task': ['placementCandidates'],
  'available-tasks': ['listTasks', 'getScaling'],
};

const ROOT = new URL('../../../', import.meta.url);

/** The text of a handler's file and of every use case that it can reach by imports. */
function reachable(file: URL, seen: Map<string, string>): Map<string, string> {
  if (seen.has(file.href)) return seen;
  const text = readFileSync(file, 'utf8');
  seen.set(file.href, text);
  for (const [, path] of text.matchAll(/^import (?!type)[^;]*? from '(\.[^']+)';/gm)) {
    const imported = new URL(path!, file);
    if (imported.pathname.includes('/shared/use-cases/')) reachable(imported, seen);
  }
  return seen;
}

/** The texts of a function's handler and of the use cases that it can reach. */
export function textsOf(name: string): string[] {
  return [...reachable(new URL(`functions/${name}.ts`, ROOT), new Map()).values()];
}

/** The methods of the store that a function calls, as its source says. */
export function methodsOf(name: string): (keyof RoomStore)[] {
  const texts = textsOf(name);
  const called = texts.flatMap((text) =>
    [...text.matchAll(/\bstore\.(\w+)\(/g)].map(([, method]) => method!),
  );
  const methods = [...new Set(called)] as (keyof RoomStore)[];
  return TOLD_APART[name] ?? methods;
}

/** Everything that `methods` need, sorted, each action once. */
export function accessOf(methods: readonly (keyof RoomStore)[]): Access {
  const needed: Access = {};
  for (const method of methods) {
    for (const [resource, actions] of Object.entries(STORE_ACCESS[method]) as [Resource, Action[]][]) {
      needed[resource] = [...new Set([...(needed[resource] ?? []), ...actions])].sort();
    }
  }
  return needed;
}
