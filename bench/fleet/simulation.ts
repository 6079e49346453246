/** One simulated day of a fleet, in virtual time: the plan and the placement of the product, everything else by the clock of events. */
import { SCALING_INTERVAL_MS } from '../../shared/domain/liveness.ts';
import { afterLaunch } from '../../shared/domain/scaling-starts.ts';
import { emptyMemory, type ScalingAction, type ScalingMemory } from '../../shared/domain/scaling-types.ts';
import { plan } from '../../shared/domain/scaling.ts';
import type { TaskState } from '../../shared/domain/task.ts';
import type { FleetTask, LaunchFailure } from '../../shared/ports/fleet.ts';
import { BOOT, bootTime, DAY, MINUTE, type Arrivals } from './day.ts';
import { exponential, streamOf, type Fraction } from './distributions.ts';
import { Agenda, RoomQueue } from './heaps.ts';
import { Meter } from './meter.ts';
import { Places } from './places.ts';
import { END, MOVE, MOVED_TOGETHER, NOTICE, RUN, SOON, WAKE, WARM_UP, type FleetSetup } from './setup.ts';
import { launchedTask, viewOf, type SimTask } from './tasks.ts';
import { Waiting } from './waiting.ts';

type RoomPhase = 'asked' | 'open' | 'over';

export class Simulation {
  readonly meter = new Meter({ from: 0, to: DAY });
  /** Real time that the plan took, ms, and how often it was asked. */
  plan_ms = 0;
  plans = 0;

  readonly #setup: FleetSetup;
  readonly #arrivals: Arrivals;
  readonly #phase: RoomPhase[];
  readonly #places: Places;
  readonly #ends = new RoomQueue();
  readonly #agenda = new Agenda();
  readonly #waiting = new Waiting();
  readonly #tasks = new Map<string, SimTask>();
  readonly #boot: Fraction;
  readonly #failure: Fraction;
  readonly #death: Fraction;
  #memory: ScalingMemory = emptyMemory();
  #launches = 0;
  #now = -WARM_UP;
  #busy_until = -Infinity;
  #woken = false;

  constructor(setup: FleetSetup, arrivals: Arrivals) {
    const { seed } = setup;
    const rooms = arrivals.at.length;
    this.#setup = setup;
    this.#arrivals = arrivals;
    this.#phase = Array.from({ length: rooms }, () => 'asked');
    this.#places = new Places(rooms, setup.policy.room_capacity, setup.placement, streamOf(seed, 3));
    this.#boot = streamOf(seed, 4);
    this.#failure = streamOf(seed, 5);
    this.#death = streamOf(seed, 6);
    // The schedule has its own idea of when a minute begins.
    this.#agenda.put(-WARM_UP + streamOf(seed, 7)() * MINUTE, () => this.#tick());
  }

  run(): this {
    const { at } = this.#arrivals;
    let room = 0;
    for (;;) {
      const next = Math.min(at[room] ?? Infinity, this.#ends.next, this.#agenda.next);
      if (next >= DAY) break;
      this.#now = next;
      // A place that is given back at an instant can be had at it.
      if (this.#ends.next === next) this.#end(this.#ends.take());
      else if (this.#agenda.next === next) this.#agenda.take()();
      else this.#create(room++);
    }
    this.#now = DAY;
    for (const task of this.#tasks.values()) this.#account(task);
    return this;
  }

  // ── rooms ──

  #create(room: number): void {
    const { meter } = this;
    const counts = meter.counts(this.#now);
    if (counts) meter.asked++;
    if (this.#places.place(room)) {
      if (counts) meter.at_once++;
      this.#open(room);
      return;
    }
    if (counts) meter.late(this.#now);
    if (this.#memory.may_grow) this.#waiting.put(room, this.#now);
    else if (counts) meter.refused++;
    this.#wake();
  }

  #open(room: number): void {
    this.#phase[room] = 'open';
    this.#ends.put(this.#now + this.#arrivals.lasts[room]!, room);
    this.meter.most_rooms = Math.max(this.meter.most_rooms, this.#places.open);
  }

  #end(room: number): void {
    this.#phase[room] = 'over';
    if (this.#places.taskOf(room) !== undefined) this.#places.leave(room);
  }

  /** Rooms that wait get what places there are, the oldest first. */
  #placeWaiting(): void {
    const { meter } = this;
    for (let first = this.#waiting.first(); first !== undefined; first = this.#waiting.first()) {
      const { room, since } = first;
      const counts = meter.counts(since);
      if (this.#phase[room] === 'asked') {
        if (this.#now - since >= this.#setup.pending_limit) {
          if (counts) meter.gave_up++;
        } else if (this.#places.place(room)) {
          if (counts) meter.waits.push(this.#now - since);
          this.#open(room);
        } else return;
      } else if (this.#phase[room] === 'open') {
        if (!this.#places.place(room)) return;
        if (counts) meter.outages.push(this.#now - since);
      }
      this.#waiting.drop();
    }
  }

  /** Takes all rooms off a task whose process is gone; what finds no place elsewhere waits. */
  #rehome(task: SimTask): void {
    for (const room of task.room_list.slice()) {
      this.#places.leave(room);
      if (this.meter.counts(this.#now)) this.meter.rehomed++;
      if (!this.#places.place(room)) this.#waiting.put(room, this.#now);
    }
  }

  // ── scale-fleet ──

  #tick(): void {
    this.#agenda.put(this.#now + SCALING_INTERVAL_MS, () => this.#tick());
    this.meter.fill(this.#places.index.counts(), this.#setup.policy.room_capacity, this.#now);
    this.#scale();
    this.#placeWaiting();
  }

  /** One run at a time, and one after it. */
  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.#agenda.put(Math.max(this.#now + WAKE, this.#busy_until), () => {
      this.#woken = false;
      this.#scale();
    });
  }

  #scale(): void {
    this.#busy_until = this.#now + RUN;
    const tasks = Array.from(this.#tasks.values(), viewOf);
    const { kind, policy } = this.#setup;
    const begun = performance.now();
    const planned = plan(
      { kind, tasks, pending: this.#waiting.length, memory: this.#memory },
      policy,
      this.#now,
    );
    this.plan_ms += performance.now() - begun;
    this.plans++;
    this.#memory = planned.memory;
    for (const action of planned.actions) this.#carryOut(action);
    if (planned.actions.some((action) => action.do === 'activate')) this.#placeWaiting();
  }

  #carryOut(action: ScalingAction): void {
    if (action.do === 'launch') {
      this.#launch(action.count);
      return;
    }
    const task = this.#tasks.get('task_arn' in action ? action.task_arn : action.task_id)!;
    switch (action.do) {
      case 'activate':
        this.meter.change('activated', this.#now);
        if (this.#now - task.state_since < SOON) this.meter.change('returned', this.#now);
        this.#enter(task, 'READY');
        break;
      case 'standby':
        this.#enter(task, 'STANDBY');
        this.meter.change('standby', this.#now);
        break;
      case 'drain':
        this.#enter(task, 'DRAINING');
        this.meter.change('drained', this.#now);
        this.#drain(task, this.#now + this.#setup.drain_deadline);
        break;
      case 'stop':
        this.#enter(task, 'DRAINING');
        this.meter.change('stopped', this.#now);
        this.#agenda.put(this.#now + END, () => this.#gone(task));
        break;
    }
  }

  #launch(count: number): void {
    const { day, kind, policy, launch_failures, stuck_starts } = this.#setup;
    const none = day.no_capacity.some(({ from, to }) => this.#now >= from && this.#now < to);
    const launched: FleetTask[] = [];
    for (let n = 0; n < count; n++) {
      if (this.#failure() < launch_failures || none) continue;
      const task = launchedTask(this.#launches++, kind, policy.room_capacity, this.#now);
      this.#tasks.set(task.task_arn, task);
      launched.push({ task_arn: task.task_arn, state: 'starting', created_at: this.#now });
      if (this.#failure() >= stuck_starts) {
        this.#agenda.put(this.#now + bootTime(BOOT[kind], this.#boot), () => this.#registered(task));
      }
    }
    const refused = count - launched.length;
    const failures: LaunchFailure[] =
      refused === 0 ? [] : [{ kind: 'no_capacity', count: refused, detail: 'RESOURCE:CPU' }];
    this.meter.change('launched', this.#now, launched.length);
    this.meter.change('not_launched', this.#now, refused);
    this.meter.most_tasks = Math.max(this.meter.most_tasks, this.#tasks.size);
    this.#memory = afterLaunch(this.#memory, { launched, failures }, this.#now);
  }

  // ── tasks ──

  #registered(task: SimTask): void {
    // It was stopped meanwhile.
    if (task.state !== 'STARTING') return;
    this.#enter(task, 'READY');
    this.#agenda.put(this.#now + exponential(this.#death, this.#setup.life), () => this.#die(task));
    this.#placeWaiting();
  }

  #die(task: SimTask): void {
    if (!this.#tasks.has(task.task_arn)) return;
    this.#account(task);
    task.alive = false;
    this.meter.change('died', this.#now);
    this.#agenda.put(this.#now + NOTICE, () => {
      this.#gone(task);
      this.#wake();
    });
  }

  /** Its record is removed. */
  #gone(task: SimTask): void {
    if (!this.#tasks.delete(task.task_arn)) return;
    if (task.position >= 0) this.#places.index.remove(task);
    this.#account(task);
    task.alive = false;
    this.#rehome(task);
  }

  #drain(task: SimTask, deadline: number): void {
    if (!task.alive) return;
    for (const room of task.room_list.slice(-MOVED_TOGETHER)) {
      // It is served where it is until it has another place.
      if (!this.#places.move(room)) break;
      if (this.meter.counts(this.#now)) this.meter.moves++;
    }
    if (task.rooms === 0) this.#agenda.put(this.#now + END, () => this.#gone(task));
    else if (this.#now >= deadline) this.#gone(task);
    else this.#agenda.put(this.#now + MOVE, () => this.#drain(task, deadline));
  }

  #enter(task: SimTask, state: TaskState): void {
    this.#account(task);
    if (task.position >= 0) this.#places.index.remove(task);
    task.state = state;
    task.state_since = this.#now;
    if (state === 'READY') this.#places.index.add(task);
  }

  /** What the task has cost since the last time. */
  #account(task: SimTask): void {
    if (task.alive) this.meter.spent(task.state, task.accounted_until, this.#now);
    task.accounted_until = this.#now;
  }
}
