/** The whole of it: router, tasks, fleet and clients, in virtual time. */
import { routerConfig } from '../../shared/config/settings.ts';
import { CLOCK_SKEW_MS, REQUEST_LIMIT_MS, SWEEP_LOCK_MS } from '../../shared/domain/liveness.ts';
import { StoreBusy, type NewKey, type RoomStore } from '../../shared/ports/room-store.ts';
import { PROBLEMS } from '../../shared/protocol/problem.ts';
import { START } from '../support/world.ts';
import { seededRandom } from '../support/random.ts';
import type { Deps } from '../../shared/use-cases/deps.ts';
import type { Outcome } from '../../shared/use-cases/outcome.ts';
import { migrateRoom } from '../../shared/use-cases/migrate-room.ts';
import { putTask } from '../../shared/use-cases/put-task.ts';
import { removeClient } from '../../shared/use-cases/remove-client.ts';
import type { RouterAnswer, RouterClient } from '../../stream-task/router-client.ts';
import { TIMING } from '../../stream-task/timing.ts';
import type { Guest } from './guest.ts';
import { Monitor } from './monitor.ts';
import { fleetFor, taskClientFor, type FleetState } from './network.ts';
import { RelayProcess } from './relay-process.ts';
import { Request } from './request.ts';
import type { Backend, Rows } from './rows.ts';
import { RoomIds } from './room-ids.ts';
import { Scheduler } from './scheduler.ts';
import { FAIR, type Weather } from './trouble.ts';
import { within } from './virtual-globals.ts';

export interface TownOptions {
  seed: number;
  max_rooms: number;
  /** Short time-outs of clients: more happens beside a slow request. */
  hasty: boolean;
  /** A room that finds no place waits for a task to start. */
  grows: boolean;
  /** How far the clock of a task is ahead of the router's, by task. */
  skews: readonly number[];
  /** How the calls of tasks go, in order; those that follow go well. */
  heartbeats: readonly Weather[];
  removals: readonly Weather[];
  migrations: readonly Weather[];
}

export type Answered<T> = { kind: 'answered'; value: T } | { kind: 'busy' } | { kind: 'killed' };

/** Time limits of the router's functions, ms. */
export const LIMITS: { client: number; sweep: number } = { client: REQUEST_LIMIT_MS, sweep: SWEEP_LOCK_MS };

export class Town {
  readonly scheduler = new Scheduler(START);
  readonly policy: ReturnType<typeof routerConfig>;
  readonly processes: RelayProcess[] = [];
  readonly guests: Guest[] = [];
  readonly fleet: FleetState = { tasks: new Map(), fails: false };
  readonly monitor: Monitor;
  /** Nothing goes wrong any more, and calls take no time. */
  calm = false;
  /** What happened, for people. */
  readonly log: string[] = [];
  readonly #backend: Backend;
  readonly #options: TownOptions;
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #ids: RoomIds;
  #ports = 5_000;
  #heartbeats = 0;
  #removals = 0;
  #migrations = 0;
  /** When a task last called to have a client removed. */
  readonly removals = new Map<string, number>();

  constructor(backend: Backend, options: TownOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#ids = new RoomIds(this.#random);
    this.policy = routerConfig({
      REGION: 'test-1',
      TASKS_TABLE: 'tasks',
      ROOMS_TABLE: 'rooms',
      ECS_CLUSTER: 'cluster',
      ROUTER_SECRET_ID: 'secret',
      ALLOW_PRIVATE_ADDRESSES: 'true',
      MAX_ROOMS: String(options.max_rooms),
      ROOM_ID_DIGITS: '4',
      ROOM_TTL: '5m',
      CONNECT_TIMEOUT: options.hasty ? '6s' : '30s',
      RESUME_GRACE: options.hasty ? '4s' : '15s',
      LEASE: '25s',
      // The fleet grows by the script alone: this says only whether a room waits for it.
      MAX_TASKS: options.grows ? '5' : '0',
      PENDING_LIMIT: '45s',
    });
    const { scheduler, processes, guests } = this;
    const { policy, removals } = this;
    this.monitor = new Monitor({ scheduler, processes, guests, fleet: this.fleet, removals, policy });
  }

  tell(line: string): void {
    this.log.push(`${((this.scheduler.now - START) / 1_000).toFixed(3)} ${line}`);
  }

  processAt(url: string): RelayProcess | undefined {
    return this.processes.find((process) => process.up && process.url === url);
  }

  /** A request to the router. `use` is never told that it was killed: it goes no further, that is all. */
  async request<T>(
    name: string,
    use: (deps: Deps) => Promise<T>,
    {
      weather = FAIR,
      limit = LIMITS.client,
      request: given,
    }: { weather?: Weather; limit?: number; request?: Request } = {},
  ): Promise<Answered<T>> {
    const request = given ?? this.newRequest(name, weather, limit);
    const run = within(undefined, () => use(this.#depsFor(request))).then(
      (value): Answered<T> => ({ kind: 'answered', value }),
      (error: unknown): Answered<T> => {
        const taken = error instanceof Error && error.message.includes('room ids were all taken');
        if (!(error instanceof StoreBusy) && !taken) this.monitor.fail(`${name}: ${String(error)}`);
        return { kind: 'busy' };
      },
    );
    const answered = await Promise.race([run, request.killed.then((): Answered<T> => ({ kind: 'killed' }))]);
    request.end();
    return answered;
  }

  newRequest(name: string, weather: Weather, limit: number): Request {
    return new Request(this.scheduler, name, this.calm ? FAIR : weather, { limit, quick: this.calm });
  }

  /** A new process; it registers by itself. */
  start(task_id: string, room_capacity: number, url = this.newUrl()): RelayProcess {
    const { policy, scheduler } = this;
    const number = Number(task_id.slice(1)) - 1;
    const skew = (this.#options.skews[number] ?? 0) * CLOCK_SKEW_MS;
    this.fleet.tasks.set(`arn:${task_id}`, 'running');
    const process = new RelayProcess(scheduler, {
      task_id,
      url,
      room_capacity,
      skew,
      connect_timeout: policy.CONNECT_TIMEOUT,
      resume_grace: policy.RESUME_GRACE,
      heartbeat: 10_000,
      router: (process) => this.#routerFor(process),
      random: () => this.#random.fraction(),
      acted: () => this.monitor.acted(),
    });
    this.processes.push(process);
    return process;
  }

  newUrl(): string {
    return `ws://127.0.0.1:${++this.#ports}`;
  }

  /** Looks at the tables as they are. */
  rows() {
    return this.#backend.rows();
  }

  #depsFor(request: Request): Deps {
    const { monitor, policy, processes, scheduler } = this;
    const wrote = (rows: Rows) => {
      this.#ids.note(rows.rooms.map(({ room }) => room.room_id));
      monitor.observe(rows, request);
    };
    const store = this.#backend.storeFor(request, wrote);
    const random = this.#random;
    return {
      policy,
      store: seatsWatched(store, request, monitor),
      fleet: fleetFor(request, this.fleet),
      tasks: taskClientFor(request, processes),
      secrets: { get: async () => ({ current: 'a'.repeat(64) }) },
      clock: { now: () => scheduler.now },
      random: {
        ...random,
        integer: (below) =>
          below === 10 ** policy.ROOM_ID_DIGITS ? this.#ids.draw(scheduler.now) : random.integer(below),
      },
      telemetry: {
        count: () => {},
        info: (text, fields) => this.tell(`  (${request.name}) ${text} ${JSON.stringify(fields ?? {})}`),
        warn: (text, fields) => this.tell(`  (${request.name}) ${text} ${JSON.stringify(fields ?? {})}`),
      },
      push: undefined,
      waker: { wake: () => Promise.resolve() },
    };
  }

  /** The router as a process reaches it. */
  #routerFor(process: RelayProcess): RouterClient {
    const call = <T>(
      name: string,
      weather: Weather,
      limit: number,
      use: (deps: Deps) => Promise<Outcome<T>>,
    ): Promise<RouterAnswer<T>> => {
      const full = `${name} of ${process.task_id}`;
      const { promise, resolve } = Promise.withResolvers<RouterAnswer<T>>();
      const unanswered = this.scheduler.after(limit, () =>
        process.run(() => resolve({ kind: 'unreachable', detail: 'timed out' })),
      );
      const answer = (told: RouterAnswer<T>) => {
        if (process.cut || process.mute) return;
        unanswered.cancel();
        process.run(() => resolve(told));
      };
      const send = async (heard: boolean) => {
        const outcome = await this.request(full, use, { weather });
        if (!heard) return;
        if (outcome.kind === 'answered') {
          const { value } = outcome;
          if (value.ok) answer({ kind: 'answered', body: value.value });
          else {
            const { code, detail } = value.refusal;
            answer({ kind: 'refused', status: PROBLEMS[code].status, detail });
          }
        } else if (outcome.kind === 'busy') answer({ kind: 'refused', status: 503, detail: 'busy' });
        else answer({ kind: 'refused', status: 502, detail: 'no answer of the function' });
      };
      if (!process.cut && !process.mute) {
        void send(true);
        if (weather.again > 0) this.scheduler.after(weather.again, () => void send(false));
      }
      return promise;
    };
    return {
      putTask: (body, remote) =>
        call(
          'put-task',
          this.#options.heartbeats[this.#heartbeats++] ?? FAIR,
          body.state === 'READY' ? TIMING.router_call : TIMING.stop_call,
          (deps) => putTask(deps, body, remote),
        ),
      removeClient: (body) => {
        this.removals.set(body.client_id, this.scheduler.now);
        return call(
          'remove-client',
          this.#options.removals[this.#removals++] ?? FAIR,
          TIMING.router_call,
          (deps) => removeClient(deps, body),
        );
      },
      migrateRoom: (body) =>
        call(
          'migrate-room',
          this.#options.migrations[this.#migrations++] ?? FAIR,
          TIMING.migrate_call,
          (deps) => migrateRoom(deps, process.task_id, body),
        ),
    };
  }
}

/** `store`, of which monitor and request hear what seats are taken. */
function seatsWatched(store: RoomStore, request: Request, monitor: Monitor): RoomStore {
  const taken = ({ client_id }: { client_id: string }, now: number, key: NewKey | undefined) => {
    request.seats.push(client_id);
    if (key !== undefined) monitor.keyGave(key.key_hash, client_id, now);
  };
  const createRoom: RoomStore['createRoom'] = (room, task, max_rooms, now, key) => {
    taken(room.client, now, key);
    return store.createRoom(room, task, max_rooms, now, key);
  };
  const createPendingRoom: RoomStore['createPendingRoom'] = (room, max_rooms, now, key) => {
    taken(room.client, now, key);
    return store.createPendingRoom(room, max_rooms, now, key);
  };
  const addClient: RoomStore['addClient'] = (room, client, now, key) => {
    taken(client, now, key);
    return store.addClient(room, client, now, key);
  };
  const watched: Partial<RoomStore> = { createRoom, createPendingRoom, addClient };
  return new Proxy(store, { get: (target, name: keyof RoomStore) => watched[name] ?? target[name] });
}
