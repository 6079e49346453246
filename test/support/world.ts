/** The control plane over simulated tasks and a simulated fleet, with a clock that the test moves and seeded randomness. */
import { memoryRoomStore } from '../../shared/adapters/memory/store.ts';
import { routerConfig } from '../../shared/config/settings.ts';
import { FleetUnavailable, type FleetTaskState } from '../../shared/ports/fleet.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { RoomStore } from '../../shared/ports/room-store.ts';
import type { Grant, PutTaskRequest } from '../../shared/protocol/api.ts';
import type { ControlPush } from '../../shared/protocol/control-channel.ts';
import { createRoom } from '../../shared/use-cases/create-room.ts';
import type { Deps } from '../../shared/use-cases/deps.ts';
import type { Outcome, Refusal } from '../../shared/use-cases/outcome.ts';
import { putTask } from '../../shared/use-cases/put-task.ts';
import { seededRandom } from './random.ts';
import { SimulatedTask, simulatedTaskClient } from './simulated-task.ts';

export const START = Date.UTC(2026, 0, 1);

const ENVIRONMENT = {
  REGION: 'test-1',
  TASKS_TABLE: 'tasks',
  ROOMS_TABLE: 'rooms',
  ECS_CLUSTER: 'cluster',
  ROUTER_SECRET_ID: 'secret',
  ALLOW_PRIVATE_ADDRESSES: 'true',
  // Nobody launches tasks: a room that finds no place does not wait for one, unless a test says so.
  MAX_TASKS: '0',
};

export interface World {
  deps: Deps;
  store: RoomStore;
  tasks: Map<string, SimulatedTask>;
  /** What the fleet says; a task that is not in it is unknown. */
  fleet: Map<string, FleetTaskState>;
  /** When set, the fleet's API fails. */
  fleetFails: boolean;
  /** How often the fleet was to be looked at. */
  wakes: number;
  /** What was told over the control channel. */
  pushed: { connection_id: string; message: ControlPush }[];
  /** Connections of the control channel that are gone, and those that were ended. */
  goneConnections: Set<string>;
  droppedConnections: string[];
  /** When set, nothing can be told. */
  pushFails: boolean;
  counts: Map<string, number>;
  now(): number;
  advance(ms: number): void;
  /** A new task that has registered; its ARN is `arn:<task_id>`. */
  addTask(task_id: string, options?: { room_capacity?: number }): Promise<SimulatedTask>;
  /** One put-task call of a task, with its rooms and the connects given. */
  heartbeat(task: SimulatedTask, more?: Partial<PutTaskRequest>): ReturnType<typeof putTask>;
  taskOf(grant: Grant): SimulatedTask;
}

/**
 * The store in memory does each thing without a pause, so nothing would ever come in between: this one lets a random number
 * of other steps go first, before and after each call.
 */
function yieldingStore(store: RoomStore, random: Random): RoomStore {
  const pause = async () => {
    for (let steps = random.integer(6); steps > 0; steps--) await Promise.resolve();
  };
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        await pause();
        const result = await method(...args);
        await pause();
        return result;
      };
    },
  });
}

/**
 * `yielding`: calls to the store come in random order, for races. `start`: when it begins; DynamoDB collects what has expired long
 * before the present.
 */
export async function makeWorld(
  settings: Record<string, string> = {},
  options: { store?: RoomStore; seed?: number; yielding?: boolean; start?: number } = {},
): Promise<World> {
  let time = options.start ?? START;
  const sequence = new Map<string, number>();
  const capacity = new Map<string, number>();
  const tasks = new Map<string, SimulatedTask>();
  const counts = new Map<string, number>();
  const now = () => time;
  const random = seededRandom(options.seed ?? 1);
  const plain = options.store ?? memoryRoomStore();
  const store = options.yielding === true ? yieldingStore(plain, random) : plain;
  const world: World = {
    store,
    tasks,
    counts,
    fleet: new Map(),
    fleetFails: false,
    wakes: 0,
    pushed: [],
    goneConnections: new Set(),
    droppedConnections: [],
    pushFails: false,
    now,
    advance: (ms) => {
      time += ms;
    },
    deps: {
      policy: routerConfig({ ...ENVIRONMENT, ...settings }),
      store,
      random,
      tasks: simulatedTaskClient(tasks, now),
      secrets: { get: async () => ({ current: 'a'.repeat(64) }) },
      clock: { now },
      fleet: {
        list: async () => {
          if (world.fleetFails) throw new FleetUnavailable('injected');
          return [...world.fleet].map(([task_arn, state]) => ({ task_arn, state }));
        },
        describe: async (task_arn) => {
          if (world.fleetFails) throw new FleetUnavailable('injected');
          const state = world.fleet.get(task_arn);
          return state === undefined ? undefined : { task_arn, state };
        },
        launch: async (count, kind, token) => {
          if (world.fleetFails) throw new FleetUnavailable('injected');
          const arns = Array.from({ length: count }, (_, n) => `arn:${kind}-${token}-${n}`);
          for (const arn of arns) if (!world.fleet.has(arn)) world.fleet.set(arn, 'starting');
          const launched = arns.map((task_arn) => ({ task_arn, state: world.fleet.get(task_arn)!, kind }));
          return { launched, failures: [] };
        },
        stop: async (task_arn) => {
          if (world.fleetFails) throw new FleetUnavailable('injected');
          if (world.fleet.has(task_arn)) world.fleet.set(task_arn, 'stopped');
        },
      },
      push: {
        send: async (connection_id, message) => {
          if (world.pushFails) throw new Error('injected');
          if (world.goneConnections.has(connection_id)) return 'gone';
          world.pushed.push({ connection_id, message });
          return 'sent';
        },
        drop: async (connection_id) => {
          world.droppedConnections.push(connection_id);
        },
      },
      waker: {
        wake: async () => {
          world.wakes++;
        },
      },
      telemetry: {
        count: (metric, value = 1) => {
          counts.set(metric, (counts.get(metric) ?? 0) + value);
        },
        info: () => {},
        warn: () => {},
      },
    },
    async addTask(task_id, { room_capacity = 100 } = {}) {
      const port = 5_001 + tasks.size;
      const task = new SimulatedTask(task_id, `ws://127.0.0.1:${port}`, START - 60_000);
      tasks.set(task_id, task);
      capacity.set(task_id, room_capacity);
      world.fleet.set(`arn:${task_id}`, 'running');
      await world.heartbeat(task);
      return task;
    },
    heartbeat(task, more = {}) {
      const heartbeat_seq = (sequence.get(task.task_id) ?? -1) + 1;
      sequence.set(task.task_id, heartbeat_seq);
      return putTask(
        world.deps,
        {
          task_id: task.task_id,
          task_arn: `arn:${task.task_id}`,
          kind: 'relay',
          region: 'test-1',
          state: 'READY',
          port: Number(new URL(task.url).port),
          url: task.url,
          room_capacity: capacity.get(task.task_id) ?? 100,
          clients: 0,
          started_at: task.started_at,
          heartbeat_seq,
          rooms: [...task.rooms].map(([room_id, { epoch }]) => ({ room_id, epoch })),
          connects: [],
          ...more,
        },
        '127.0.0.1',
      );
    },
    taskOf(grant) {
      const task = [...tasks.values()].find((candidate) => candidate.url === grant.url);
      if (task === undefined) throw new Error(`no task at ${grant.url}`);
      return task;
    },
  };
  return world;
}

/** The value of an outcome that must be good. */
export async function granted<T>(outcome: Promise<Outcome<T>>): Promise<T> {
  const result = await outcome;
  if (!result.ok) throw new Error(`refused: ${result.refusal.code} ${result.refusal.detail}`);
  return result.value;
}

/** The refusal of an outcome that must be one. */
export async function refused<T>(outcome: Promise<Outcome<T>>): Promise<Refusal> {
  const result = await outcome;
  if (result.ok) throw new Error(`not refused: ${JSON.stringify(result.value)}`);
  return result.refusal;
}

/** A room with one seat taken, whose client has connected and was reported. */
export async function connectedRoom(world: World, max_clients = 4): Promise<Grant> {
  const grant = await granted(createRoom(world.deps, { max_clients }));
  await connect(world, grant);
  return grant;
}

/** The client of `grant` opens its socket, and its task reports it. */
export async function connect(world: World, grant: Grant): Promise<void> {
  const task = world.taskOf(grant);
  const client = task.client(grant.room_id, grant.client_id);
  client.connected = true;
  const { room_id, epoch, client_id } = grant;
  await granted(
    world.heartbeat(task, { connects: [{ room_id, epoch, client_id, generation: client.generation }] }),
  );
}
