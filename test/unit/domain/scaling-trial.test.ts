import { beforeEach, describe, expect, it } from 'vitest';
import { plan } from '../../../shared/domain/scaling.ts';
import { emptyMemory, type ScalingMemory, type ScalingTask } from '../../../shared/domain/scaling-types.ts';
import { AT, MINUTE, POLICY, starting, task, view } from '../../support/scaling.ts';

const TRIAL = { ...POLICY, trial: MINUTE, downscale: { places: 2_000, percent: 0 } };
const LONG_AGO = AT - 60 * MINUTE;

/** A fleet whose tasks are all of an older version, and what becomes of it plan by plan. */
class Rollout {
  now = AT;
  tasks: ScalingTask[];
  memory: ScalingMemory = emptyMemory();
  #launched = 0;

  constructor(old: number) {
    this.tasks = Array.from({ length: old }, (_, n) =>
      task(`old${n}`, { rooms: 50, outdated: true, since: LONG_AGO }),
    );
  }

  /** One plan, `minutes` after the last, of a fleet of which `over` have ended. What it does, in words. */
  plan(minutes = 1, over: string[] = [], policy = TRIAL) {
    this.now += minutes * MINUTE;
    const look = { ...view(this.tasks), over, memory: this.memory };
    const { actions, memory, decision } = plan(look, policy, this.now);
    this.memory = memory;
    for (const action of actions) {
      if (action.do === 'drain') this.ends(action.task_id);
      if (action.do !== 'launch') continue;
      for (let n = 0; n < action.count; n++) {
        const name = `new${this.#launched++}`;
        this.tasks.push({ ...starting(name), since: this.now });
        memory.starting.push({ task_arn: `arn:${name}`, launched_at: this.now });
      }
    }
    return { did: decision.actions, limited: decision.limited, reason: decision.reason };
  }

  /** What was launched takes rooms. */
  up(): void {
    this.tasks = this.tasks.map((one) =>
      one.state === 'STARTING'
        ? { ...one, task_id: one.task_arn!.slice('arn:'.length), state: 'READY', since: this.now }
        : one,
    );
  }

  ends(task_id: string): void {
    this.tasks = this.tasks.filter((one) => one.task_id !== task_id);
  }
}

describe('the trial of a new version', () => {
  let rollout: Rollout;
  beforeEach(() => {
    rollout = new Rollout(4);
  });

  it('is of one task, and the others are replaced when that has lived for long enough', () => {
    expect(rollout.plan()).toMatchObject({ did: ['launch 1 task'], limited: 'trial' });
    expect(rollout.plan()).toMatchObject({ did: [], limited: 'trial' });
    rollout.up();
    expect(rollout.plan(0.9).did).toEqual([]);
    expect(rollout.plan(0.1)).toMatchObject({
      did: ['old0 moves its rooms away and ends: it is of an older version'],
      limited: undefined,
    });
  });

  it('is not held where the version has long been there', () => {
    rollout.tasks.push(task('new', { since: LONG_AGO }));
    expect(rollout.plan().did).toEqual(['old0 moves its rooms away and ends: it is of an older version']);
  });

  it.each([
    ['after a plan saw it', true],
    ['before any plan saw it', false],
  ])('is held again, after a pause, where the task ended soon after it came up: %s', (_, seen) => {
    rollout.plan();
    rollout.up();
    if (seen) rollout.plan(0.5);
    rollout.ends('new0');
    const { did, limited, reason } = rollout.plan(0.1, ['arn:new0']);
    expect([did, limited]).toEqual([[], 'trial']);
    expect(reason).toContain('1 task of the new version ended soon after it came up');
    expect(rollout.plan(0.2).did).toEqual([]);
    expect(rollout.plan(0.1).did).toEqual(['launch 1 task']);
  });

  it('replaces no task of the older one for a version that always ends, and asks for it less and less often', () => {
    const launches: number[] = [];
    for (let minute = 0; minute < 60; minute++) {
      const { did } = rollout.plan(0.5);
      expect(did.filter((action) => action !== 'launch 1 task')).toEqual([]);
      if (did.length > 0) launches.push(minute);
      rollout.up();
      rollout.plan(0.5);
      for (const { task_id } of rollout.tasks) if (task_id?.startsWith('new')) rollout.ends(task_id);
    }
    expect(rollout.tasks.filter(({ outdated }) => outdated)).toHaveLength(4);
    expect(launches.length).toBeGreaterThan(5);
    expect(launches.length).toBeLessThan(16);
  });

  it('ends a rollout that goes wrong later, until one has lived again', () => {
    rollout.plan();
    rollout.up();
    expect(rollout.plan(1).did).toHaveLength(1);
    // Launched meanwhile for what goes next; two of them fall.
    for (const name of ['x', 'y']) rollout.tasks.push(task(name, { since: rollout.now }));
    rollout.plan(0.1);
    for (const name of ['x', 'y']) rollout.ends(name);
    expect(rollout.plan(0.1, ['arn:x', 'arn:y'])).toMatchObject({ did: [], limited: 'trial' });
    rollout.tasks.push(task('z', { since: rollout.now }));
    expect(rollout.plan(0.9).limited).toBe('trial');
    expect(rollout.plan(0.2).limited).toBeUndefined();
  });

  it('counts nothing against a version that is told to end', () => {
    rollout.plan();
    rollout.up();
    rollout.plan(0.1);
    rollout.tasks = rollout.tasks.map((one) =>
      one.task_id === 'new0' ? { ...one, state: 'DRAINING' } : one,
    );
    rollout.plan(0.1);
    rollout.ends('new0');
    rollout.plan(0.1, ['arn:new0']);
    expect(rollout.memory.trial).toMatchObject({ fallen: 0 });
  });

  it.each([
    ['of several', 2, POLICY],
    ['of one', 1, { ...POLICY, min_tasks: 0, upscale: { places: 0, percent: 0 } }],
  ])('is begun also where an idle task would not be missed: %s', (_, old, policy) => {
    rollout = new Rollout(old);
    rollout.tasks[0]!.rooms = 0;
    const trial = { ...policy, trial: MINUTE };
    expect(rollout.plan(1, [], trial).did).toEqual(['launch 1 task']);
    rollout.up();
    expect(rollout.plan(1, [], trial).did).toEqual([
      'old0 moves its rooms away and ends: it is of an older version',
    ]);
  });

  it('begins anew with another version', () => {
    rollout.plan();
    rollout.up();
    expect(rollout.plan(1).did).toHaveLength(1);
    rollout.tasks = rollout.tasks.map((one) => ({ ...one, outdated: true }));
    expect(rollout.plan(1)).toMatchObject({ did: ['launch 1 task'], limited: 'trial' });
    rollout.up();
    expect(rollout.plan(0.5)).toMatchObject({ did: [], limited: 'trial' });
    expect(rollout.plan(0.5).did).toHaveLength(1);
  });

  it('is failed by a task that falls silent, but not where it may be our ears', () => {
    rollout.plan();
    rollout.up();
    rollout.plan(0.5);
    const silent = (one: ScalingTask): ScalingTask =>
      one.task_id === 'new0' ? { ...one, state: 'SILENT', since: rollout.now } : one;
    rollout.tasks = rollout.tasks.map(silent);
    const { memory } = plan(
      { ...view(rollout.tasks), memory: rollout.memory, outage: 'many leases' },
      TRIAL,
      rollout.now,
    );
    expect(memory.trial).toMatchObject({ fallen: 0 });
    expect(rollout.plan(0.1).did).toEqual([]);
    expect(rollout.memory.trial).toMatchObject({ fallen: 1 });
  });

  it('begins with a task of the older one that goes, where no more may run', () => {
    const full = { ...TRIAL, max_tasks: 4 };
    rollout.tasks = rollout.tasks.map((one) => ({ ...one, rooms: 10 }));
    expect(rollout.plan(1, [], full).did).toEqual([
      'old0 moves its rooms away and ends: it is of an older version',
    ]);
    expect(rollout.plan(1, [], full).did).toEqual(['launch 1 task']);
    rollout.up();
    expect(rollout.plan(0.5, [], full).did).toEqual([]);
    expect(rollout.plan(0.5, [], full).did).toEqual([
      'old1 moves its rooms away and ends: it is of an older version',
    ]);
  });

  it('is forgotten when nothing of an older version is left, or where there is none to be', () => {
    rollout.plan();
    expect(rollout.memory.trial).toBeDefined();
    rollout.plan(1, [], { ...TRIAL, trial: 0 });
    expect(rollout.memory.trial).toBeUndefined();
    rollout.plan();
    rollout.tasks = [task('new')];
    rollout.plan();
    expect(rollout.memory.trial).toBeUndefined();
  });
});
