import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../../../shared/domain/scaling.ts';
import {
  emptyMemory,
  type ScalingMemory,
  type ScalingPlan,
  type ScalingPolicy,
  type ScalingTask,
} from '../../../shared/domain/scaling-types.ts';
import { AT, MINUTE, POLICY } from '../../support/scaling.ts';

const CAPACITY = 20;
const BOOT = MINUTE;

const policies = fc
  .record({
    min_tasks: fc.integer({ min: 0, max: 3 }),
    max_tasks: fc.integer({ min: 30, max: 60 }),
    places: fc.integer({ min: 0, max: 30 }),
    percent: fc.integer({ min: 0, max: 30 }),
    apart: fc.integer({ min: CAPACITY, max: 3 * CAPACITY }),
    more: fc.integer({ min: 0, max: 20 }),
    standby_limit: fc.integer({ min: 0, max: 15 }),
  })
  .map(({ min_tasks, max_tasks, places, percent, apart, more, standby_limit }): ScalingPolicy => ({
    ...POLICY,
    min_tasks,
    max_tasks,
    upscale: { places, percent },
    downscale: { places: places + apart, percent: percent + more },
    room_capacity: CAPACITY,
    standby_limit: standby_limit * MINUTE,
    trial: 0,
  }));

/** A fleet in virtual time: one step a minute, each with so many rooms in use, spread evenly. */
class World {
  now = AT;
  tasks: ScalingTask[] = [];
  pending = 0;
  memory: ScalingMemory = emptyMemory();
  readonly policy: ScalingPolicy;
  #launched = 0;

  constructor(policy: ScalingPolicy) {
    this.policy = policy;
  }

  get rooms(): number {
    return this.tasks.reduce((sum, task) => sum + task.rooms, 0) + this.pending;
  }

  /** What has a place keeps it; new rooms go to the emptiest, ended ones go from all in turn. */
  #load(rooms: number): void {
    let more = rooms - this.rooms;
    const drop = Math.min(this.pending, Math.max(0, -more));
    this.pending -= drop;
    for (more += drop; more < 0; more++) {
      const fullest = this.tasks.reduce((best, task) => (task.rooms > best.rooms ? task : best));
      fullest.rooms--;
    }
    this.pending += more;
    const ready = this.tasks.filter(({ state }) => state === 'READY');
    while (this.pending > 0) {
      const [emptiest] = ready.filter((task) => task.rooms < CAPACITY).sort((a, b) => a.rooms - b.rooms);
      if (emptiest === undefined) break;
      emptiest.rooms++;
      this.pending--;
    }
  }

  #enter(task: ScalingTask, state: ScalingTask['state']): void {
    Object.assign(task, { state, since: this.now });
  }

  /** A minute later, with so many rooms. */
  step(rooms: number): ScalingPlan {
    this.now += MINUTE;
    for (const task of this.tasks) {
      if (task.state === 'DRAINING') {
        this.pending += task.rooms;
        task.rooms = 0;
      }
      if (task.state === 'STARTING' && this.now - task.since >= BOOT) {
        task.task_id = task.task_arn?.slice('arn:'.length);
        this.#enter(task, 'READY');
      }
    }
    this.tasks = this.tasks.filter(({ state }) => state !== 'DRAINING');
    this.#load(rooms);
    const { policy, pending, memory, now } = this;
    const tasks = this.tasks.map((task) => ({ ...task }));
    const planned = plan({ kind: 'relay', tasks, pending, memory }, policy, now);
    this.memory = planned.memory;
    const find = (id: string) => this.tasks.find(({ task_id }) => task_id === id)!;
    for (const action of planned.actions) {
      if (action.do === 'launch') for (let n = 0; n < action.count; n++) this.#launch();
      else if (action.do === 'activate') this.#enter(find(action.task_id), 'READY');
      else if (action.do === 'standby') this.#enter(find(action.task_id), 'STANDBY');
      else
        this.#enter(
          this.tasks.find(({ task_arn }) => task_arn === action.task_arn)!,
          'DRAINING',
        );
    }
    return planned;
  }

  #launch(): void {
    const task_arn = `arn:t${this.#launched++}`;
    this.memory.starting.push({ task_arn, launched_at: this.now });
    this.tasks.push({
      task_arn,
      state: 'STARTING',
      rooms: 0,
      clients: 0,
      room_capacity: CAPACITY,
      since: this.now,
      outdated: false,
    });
  }
}

const loads = fc
  .array(fc.record({ rooms: fc.integer({ min: 0, max: 400 }), minutes: fc.integer({ min: 1, max: 30 }) }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((steps) => steps.flatMap(({ rooms, minutes }) => Array.from({ length: minutes }, () => rooms)));

/** The same, but the load wanders from minute to minute. */
const wandering = fc
  .tuple(fc.integer({ min: 0, max: 400 }), fc.array(fc.integer({ min: -8, max: 8 }), { maxLength: 120 }))
  .map(([start, steps]) => {
    let rooms = start;
    return steps.map((step) => (rooms = Math.min(400, Math.max(0, rooms + step))));
  });

/** It falls, so that a task goes on STANDBY, and then rises by a room a minute. */
const falling = fc
  .tuple(fc.integer({ min: 40, max: 400 }), fc.integer({ min: 5, max: 80 }))
  .map(([start, drop]) => [
    ...Array.from({ length: 20 }, () => start),
    ...Array.from({ length: 4 }, () => Math.max(0, start - drop)),
    ...Array.from({ length: 12 }, (_, n) => Math.max(0, start - drop) + n),
  ]);

describe('the plan, whatever the load', () => {
  it('comes to rest when the load does, with what is wanted free', () => {
    fc.assert(
      fc.property(policies, loads, fc.integer({ min: 0, max: 300 }), (policy, before, rooms) => {
        const world = new World(policy);
        for (const load of before) world.step(load);
        const minutes = 45 + policy.standby_limit / MINUTE;
        let last = world.step(rooms);
        for (let minute = 0; minute < minutes; minute++) last = world.step(rooms);
        for (let minute = 0; minute < 30; minute++) {
          last = world.step(rooms);
          expect(last.actions).toEqual([]);
        }
        expect(world.pending).toBe(0);
        const { limited, free, wanted } = last.decision;
        expect(limited === 'max_tasks' || free >= wanted).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('takes a task back from STANDBY only after the load has risen by a good part of its places', () => {
    fc.assert(
      fc.property(policies, fc.oneof(loads, wandering, falling), (policy, load) => {
        const world = new World(policy);
        /** The fewest rooms since each task went on STANDBY, and by how many they have risen from there. */
        const went = new Map<string, { least: number; rise: number }>();
        for (const rooms of load) {
          const { actions } = world.step(rooms);
          for (const one of went.values()) {
            one.least = Math.min(one.least, rooms);
            one.rise = Math.max(one.rise, rooms - one.least);
          }
          for (const action of actions) {
            if (action.do === 'standby') went.set(action.task_id, { least: rooms, rise: 0 });
            if (action.do !== 'activate') continue;
            // Half a task's places at least are between the margins' middle and what is wanted. Demand takes each of them up once
            // by itself, once as growth that is expected, and by the part of the rooms that is wanted (each rounded up).
            const part = policy.upscale.percent / 100;
            const needed = (CAPACITY / 2 - 2) / (2 + part);
            expect(went.get(action.task_id)!.rise).toBeGreaterThanOrEqual(needed);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keeps between the fewest and the most tasks, and loses no room', () => {
    fc.assert(
      fc.property(policies, fc.oneof(loads, wandering), (policy, load) => {
        const world = new World(policy);
        for (const rooms of load) {
          world.step(rooms);
          expect(world.rooms).toBe(rooms);
          expect(world.tasks.length).toBeLessThanOrEqual(policy.max_tasks);
          const active = world.tasks.filter(({ state }) => state === 'READY' || state === 'STARTING');
          expect(active.length).toBeGreaterThanOrEqual(policy.min_tasks);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is the same for the same view, which it does not change', () => {
    fc.assert(
      fc.property(policies, loads, (policy, load) => {
        const world = new World(policy);
        for (const rooms of load) world.step(rooms);
        const view = structuredClone({
          kind: 'relay' as const,
          tasks: world.tasks,
          pending: world.pending,
          memory: world.memory,
        });
        const before = structuredClone(view);
        expect(plan(view, policy, world.now)).toEqual(plan(view, policy, world.now));
        expect(view).toEqual(before);
      }),
      { numRuns: 20 },
    );
  });
});
