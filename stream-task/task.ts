/**
 * The life of a stream task: listen → own health answers → put-task → heartbeat … → drain → stop. States only move
 * forward.
 */
import { randomUUID } from 'node:crypto';
import type { TaskConfig } from '../shared/config/settings.ts';
import type { SecretSource } from '../shared/ports/secrets.ts';
import type { DrainResponse } from '../shared/protocol/api.ts';
import { type AddressDeps, type EcsAddress, publicAddress, publicUrl } from './address.ts';
import { backoff } from './backoff.ts';
import { Connects } from './connects.ts';
import { drainTask } from './drain.ts';
import { startHeartbeat, type Heartbeat } from './heartbeat.ts';
import { startIdleStop } from './idle-stop.ts';
import type { Logger } from './log.ts';
import { ecsTask, type EcsTask, type MetadataEndpoints } from './metadata.ts';
import { createRemovals } from './removals.ts';
import { createRouterClient } from './router-client.ts';
import { startRelay, type Relay } from './server.ts';
import { STOP_LIMIT_MS, TIMING, type Timing } from './timing.ts';
import { wait } from './wait.ts';

export interface TaskDeps {
  secrets: SecretSource;
  endpoints: MetadataEndpoints;
  ecsAddress: EcsAddress;
  /** Called with the task id, once that is known. */
  log(task_id: string): Logger;
  timing?: Timing;
  /** Called when the task begins to end: after so many ms it has ended, or something is wrong. */
  ending?(within_ms: number): void;
}

export interface StreamTask {
  readonly task_id: string;
  readonly relay: Relay;
  /** Resolves when the router has accepted the task, or the task was stopped before. */
  readonly registered: Promise<void>;
  /** Resolves when it has stopped: no client, call or socket is left. */
  readonly stopped: Promise<void>;
  /**
   * Moves its rooms to other tasks, and stops when everybody has gone, at the latest after DRAIN_DEADLINE. What is left of
   * that time, if it drains already.
   */
  drain(): DrainResponse;
  /** Stops at once, also while it drains. */
  stop(): Promise<void>;
}

/** Id of this task: the operator's, else the one that ECS gave it (the last part of its ARN), else a random one. */
export function taskId(config: Pick<TaskConfig, 'TASK_ID'>, ecs: EcsTask | undefined): string {
  return config.TASK_ID ?? ecs?.task_arn.split('/').at(-1) ?? randomUUID();
}

/** Starts a task. Rejects if it cannot listen, does not answer its own health check, or ECS does not say who it is. */
export async function startTask(config: TaskConfig, deps: TaskDeps): Promise<StreamTask> {
  const timing = deps.timing ?? TIMING;
  const started_at = Date.now();
  const ecs = await ecsTask(deps.endpoints, timing.metadata_call);
  const task_id = taskId(config, ecs);
  const log = deps.log(task_id);
  const { secrets } = deps;
  const router = createRouterClient({
    router_url: config.ROUTER_URL,
    task_id,
    secrets,
    timeout: timing.router_call,
    migrate_timeout: timing.migrate_call,
  });
  const connects = new Connects();
  const relay = await startRelay(config, {
    task_id,
    started_at,
    secrets,
    log,
    timing,
    events: {
      connected: (connect) => connects.add(connect),
      removed: (removal) => removals.add(removal),
      removing: (seat) => removals.has(seat),
    },
    drain: () => drain(),
  });
  const { registry, counts } = relay;
  const removals = createRemovals({ router, timing, counts, log });
  try {
    await ownHealth(relay.port, timing);
  } catch (error) {
    await relay.close();
    throw error;
  }
  log.info({ port: relay.port }, 'listening');

  const stopping = new AbortController();
  const registered = Promise.withResolvers<void>();
  let heartbeat: Heartbeat | undefined;
  const migrating = new Set<string>();

  async function join(): Promise<void> {
    const { endpoints, ecsAddress } = deps;
    const address = await findAddress(
      config,
      { region: config.REGION, endpoints, ecs, ecsAddress, timeout: timing.metadata_call },
      { timing, log, signal: stopping.signal },
    );
    if (address === undefined || stopping.signal.aborted) return;
    heartbeat = startHeartbeat({
      identity: {
        task_id,
        task_arn: ecs?.task_arn,
        kind: config.KIND,
        region: config.REGION,
        port: relay.port,
        url: publicUrl(config, address, relay.port),
        room_capacity: config.ROOM_CAPACITY,
        started_at,
        remote: address,
      },
      interval: config.HEARTBEAT,
      router,
      load: () => ({ rooms: registry.roomEpochs(), clients: registry.clients }),
      disown(room) {
        if (room.moved_to === undefined || !migrating.has(room.room_id)) registry.disown(room);
      },
      connects,
      timing,
      counts,
      log,
    });
    await heartbeat.registered;
  }
  relay.pulse.onStall((ms) => {
    counts.stalls++;
    log.warn({ ms: Math.round(ms) }, 'the process stood still');
    // After what lies in the sockets has been read, such as the end of a kept connection to the router.
    setImmediate(() => heartbeat?.soon());
  });
  const joining = join().finally(() => registered.resolve());

  const ended = Promise.withResolvers<void>();
  /** When it must have stopped to drain, ms since the Unix epoch; undefined if it does not drain. */
  let deadline: number | undefined;
  let stopping_began = false;

  function drain(): DrainResponse {
    const limit = config.DRAIN_DEADLINE;
    if (limit === 0) void stop();
    if (deadline === undefined && !stopping_began) {
      deadline = Date.now() + limit;
      void drainThenStop(limit);
    }
    return { rooms: registry.rooms, deadline_ms: Math.max(0, (deadline ?? 0) - Date.now()) };
  }

  async function drainThenStop(limit: number): Promise<void> {
    deps.ending?.(limit + STOP_LIMIT_MS);
    log.info({ rooms: registry.rooms, clients: registry.clients, limit }, 'draining');
    await drainTask(
      { registry, router, removals, heartbeat, migrating, timing, counts, log },
      limit,
      stopping.signal,
    );
    void stop();
  }

  async function end(): Promise<void> {
    log.info({ rooms: registry.rooms, clients: registry.clients }, 'stopping');
    registry.drain();
    idle?.stop();
    stopping.abort();
    await (deadline === undefined ? heartbeat?.tell('DRAINING') : heartbeat?.end());
    await joining;
    await relay.close();
    await Promise.all([
      heartbeat?.tell('STOPPED'),
      Promise.race([removals.idle(), wait(timing.stop_call)]).then(() => removals.stop()),
    ]);
    log.info('stopped');
  }

  function stop(): Promise<void> {
    if (!stopping_began) {
      stopping_began = true;
      deps.ending?.(STOP_LIMIT_MS);
      ended.resolve(end());
    }
    return ended.promise;
  }

  // A room is here for as long as anybody has a seat in it.
  const busy = (): boolean => registry.rooms > 0 || registry.clients > 0;
  const idle =
    config.IDLE_STOP === 0
      ? undefined
      : startIdleStop(config.IDLE_STOP, busy, () => {
          log.info('nobody was here for IDLE_STOP');
          drain();
        });
  return { task_id, relay, registered: registered.promise, stopped: ended.promise, drain, stop };
}

/** Rejects unless the relay answers its own /health over a real socket. */
async function ownHealth(port: number, timing: Timing): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/health`, {
    signal: AbortSignal.timeout(timing.router_call),
    headers: { connection: 'close' },
  });
  await response.text();
  if (!response.ok) throw new Error(`The relay's own /health answered ${response.status}`);
}

/** Tries until the address is found; undefined if stopped before. */
async function findAddress(
  config: TaskConfig,
  deps: AddressDeps,
  { timing, log, signal }: { timing: Timing; log: Logger; signal: AbortSignal },
): Promise<string | undefined> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return await publicAddress(config, deps);
    } catch (error) {
      log.warn({ detail: (error as Error).message }, 'public address not found');
      await wait(backoff(attempt, timing.retry_first, timing.retry_longest), signal);
    }
  }
  return undefined;
}
