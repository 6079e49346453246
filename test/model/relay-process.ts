/**
 * A stream task's process in virtual time: the real registry, heartbeat, removals and drain, without sockets. It can be
 * frozen, cut off, crashed, drained, and stopped at once.
 */
import type { DrainResponse } from '../../shared/protocol/api.ts';
import { Connects } from '../../stream-task/connects.ts';
import { createCounts } from '../../stream-task/counts.ts';
import { drainTask } from '../../stream-task/drain.ts';
import { startHeartbeat, type Heartbeat } from '../../stream-task/heartbeat.ts';
import { createLog } from '../../stream-task/log.ts';
import { Pulse } from '../../stream-task/pulse.ts';
import { Registry } from '../../stream-task/registry.ts';
import { createRemovals } from '../../stream-task/removals.ts';
import type { RouterClient } from '../../stream-task/router-client.ts';
import { TIMING } from '../../stream-task/timing.ts';
import { Turns } from '../../stream-task/turns.ts';
import { wait } from '../../stream-task/wait.ts';
import type { Scheduler } from './scheduler.ts';
import { VirtualTimer, within, type Surroundings } from './virtual-globals.ts';

const SILENT = createLog('silent');
/** Nobody is pinged here. */
function still(): Pulse {
  const pulse = new Pulse(60_000);
  pulse.stop();
  return pulse;
}

/** How long a process drains at most: shorter than what a run waits for at its end. */
const DRAIN_MS = 40_000;
const PLENTY = 1e9;
const LIMITS = {
  messages_per_second: PLENTY,
  bytes_per_second: PLENTY,
  largest_message: 65_536,
  send_budget: PLENTY,
};

export interface ProcessOptions {
  task_id: string;
  url: string;
  room_capacity: number;
  /** How far its clock is ahead of the router's, ms. */
  skew: number;
  /** ms */
  connect_timeout: number;
  resume_grace: number;
  heartbeat: number;
  /** The router as this process reaches it. */
  router: (process: RelayProcess) => RouterClient;
  random: () => number;
  /** Called whenever it has done something. */
  acted: () => void;
}

export class RelayProcess {
  readonly task_id: string;
  readonly url: string;
  readonly room_capacity: number;
  readonly started_at: number;
  readonly registry: Registry;
  /** When something was last wrong with it, or with the way to it, from outside. */
  disturbed_at = -Infinity;
  up = true;
  /** The places, `room@epoch`, of which it was told that they are not its own. */
  readonly disowned = new Set<string>();
  /** No way between it and the router. */
  cut = false;
  /** Its calls do not reach the router. */
  mute = false;
  stopping = false;
  draining = false;
  readonly #migrating = new Set<string>();
  readonly #scheduler: Scheduler;
  /** By the router's clock. */
  readonly born: number;
  readonly #options: ProcessOptions;
  readonly #here: Surroundings;
  readonly #pulse = still();
  readonly #heartbeat: Heartbeat;
  readonly #router: RouterClient;
  readonly #ending = new AbortController();
  readonly #counts = createCounts();
  /** By its own clock. */
  #drain_until = 0;
  readonly #removals: ReturnType<typeof createRemovals>;
  #frozen: { since: number; waiting: (() => void)[] } | undefined;
  /** ms */
  #stood = 0;

  constructor(scheduler: Scheduler, options: ProcessOptions) {
    const { task_id, url, room_capacity } = options;
    const router = options.router(this);
    this.#router = router;
    this.task_id = task_id;
    this.url = url;
    this.room_capacity = room_capacity;
    this.#scheduler = scheduler;
    this.#options = options;
    this.started_at = this.now();
    this.born = scheduler.now;
    this.#here = {
      now: () => this.now(),
      monotonic: () => scheduler.now,
      random: options.random,
      setTimeout: (run, ms) => {
        let live = true;
        const event = scheduler.after(ms, () => this.run(() => live && run()));
        return new VirtualTimer(() => {
          live = false;
          event.cancel();
        });
      },
    };
    const counts = this.#counts;
    const connects = new Connects();
    this.registry = new Registry({
      room_capacity,
      connect_timeout: options.connect_timeout,
      resume_grace: options.resume_grace,
      host: { limits: LIMITS, timing: TIMING, counts, pulse: this.#pulse, turns: new Turns() },
      limits: {
        max_frame_bytes: LIMITS.largest_message,
        max_control_bytes: 4_096,
        messages_per_second: PLENTY,
        bytes_per_second: PLENTY,
        send_budget_bytes: PLENTY,
      },
      events: {
        connected: (connect) => connects.add(connect),
        removed: (removal) => this.#removals.add(removal),
        removing: (seat) => this.#removals.has(seat),
      },
    });
    const { registry } = this;
    [this.#removals, this.#heartbeat] = within(this.#here, () => [
      createRemovals({ router, timing: TIMING, counts, log: SILENT }),
      startHeartbeat({
        identity: {
          task_id,
          task_arn: `arn:${task_id}`,
          kind: 'relay',
          region: 'test-1',
          port: Number(new URL(url).port),
          url,
          room_capacity,
          started_at: this.started_at,
          remote: '127.0.0.1',
        },
        interval: options.heartbeat,
        router,
        load: () => ({ rooms: registry.roomEpochs(), clients: registry.clients }),
        disown: (room) => {
          if (room.moved_to !== undefined && this.#migrating.has(room.room_id)) return;
          registry.disown(room);
          this.disowned.add(`${room.room_id}@${room.epoch}`);
        },
        connects,
        timing: TIMING,
        counts,
        log: SILENT,
      }),
    ]);
  }

  /** By its own clock. */
  now(): number {
    return this.#scheduler.now + this.#options.skew;
  }

  get frozen(): boolean {
    return this.#frozen !== undefined;
  }

  /** Whether it does what it should and can be reached. */
  get well(): boolean {
    return this.answers && !this.mute;
  }

  /** Whether it answers the router, though it may not reach it itself. */
  get answers(): boolean {
    return this.up && !this.frozen && !this.cut && !this.stopping;
  }

  /** Something comes to it from outside, or a timer of its own: at once, when it thaws, or never. */
  run(happens: () => void): void {
    if (!this.up) return;
    if (this.#frozen !== undefined) {
      this.#frozen.waiting.push(happens);
      return;
    }
    this.#pulse.awake = this.#scheduler.now - this.born - this.#stood;
    within(this.#here, happens);
    this.#options.acted();
  }

  freeze(): void {
    this.#frozen ??= { since: this.#scheduler.now, waiting: [] };
    this.disturbed_at = this.#scheduler.now;
  }

  thaw(): void {
    const { now } = this.#scheduler;
    const { since, waiting } = this.#frozen ?? { since: now, waiting: [] };
    this.#frozen = undefined;
    this.disturbed_at = now;
    for (const happens of waiting) this.run(happens);
    if (now - since < TIMING.stall) return;
    // As `startTask` does when it hears of it.
    this.#stood += now - since;
    this.run(() => this.#heartbeat.soon());
  }

  crash(): void {
    this.up = false;
    this.#frozen = undefined;
  }

  /** As `startTask` drains, unless it does already or stops. `ended` is called when it has stopped. */
  drain(ended: () => void = () => {}): DrainResponse {
    if (!this.draining && !this.stopping) {
      this.draining = true;
      this.#drain_until = this.now() + DRAIN_MS;
      const { registry } = this;
      const deps = { router: this.#router, heartbeat: this.#heartbeat, timing: TIMING, log: SILENT };
      void within(this.#here, () =>
        drainTask(
          { ...deps, registry, removals: this.#removals, migrating: this.#migrating, counts: this.#counts },
          DRAIN_MS,
          this.#ending.signal,
        ),
      )
        .then(() => this.stop())
        .then(ended);
    }
    return { rooms: this.registry.rooms, deadline_ms: Math.max(0, this.#drain_until - this.now()) };
  }

  /** As `startTask` stops: ends its connections, says so. Resolves when the process has ended. */
  async stop(): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    const { registry } = this;
    await within(this.#here, async () => {
      registry.drain();
      this.#ending.abort();
      await (this.draining ? this.#heartbeat.end() : this.#heartbeat.tell('DRAINING'));
      registry.stop();
      await Promise.all([
        this.#heartbeat.tell('STOPPED'),
        Promise.race([this.#removals.idle(), wait(TIMING.stop_call)]).then(() => this.#removals.stop()),
      ]);
    });
    this.crash();
  }
}
