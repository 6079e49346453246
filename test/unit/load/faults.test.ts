import { describe, expect, it } from 'vitest';
import type { RunningTask } from '../../../dev/fleet.ts';
import { eventually } from '../../support/inbox.ts';
import { type Faults, startFaults, type Victims } from '../../support/load/faults.ts';
import { type FaultKind, Ledger } from '../../support/load/ledger.ts';
import type { PlannedFault } from '../../support/load/schedule.ts';

const TASKS = 6;

/** A fleet in which a task that ends is replaced when the test says so. */
class Fleet implements Victims {
  readonly done: string[] = [];
  running: RunningTask[] = [];
  whole = true;
  #number = 0;

  constructor() {
    while (this.running.length < TASKS) this.start();
  }

  start(): void {
    const task_id = `id-${++this.#number}`;
    this.running.push({ name: `task-${this.#number}`, task_id, task_arn: task_id, pid: this.#number });
  }

  tasks(): readonly RunningTask[] {
    return this.running;
  }

  addresses(): Promise<Map<string, string>> {
    if (this.whole) while (this.running.length < TASKS) this.start();
    return Promise.resolve(new Map(this.running.map(({ task_id }) => [task_id, `ws://${task_id}`])));
  }

  disturb(target: string, mode: string, value?: number): Promise<void> {
    this.done.push([target, mode, ...(value === undefined ? [] : [value])].join(' '));
    const ends = mode === 'kill' || mode === 'stop';
    if (ends || mode === 'deploy') {
      this.running = this.running.filter(({ task_id }) => task_id !== target && mode !== 'deploy');
    }
    return Promise.resolve();
  }
}

const fault = (kind: FaultKind, more: Partial<PlannedFault> = {}): PlannedFault => ({
  kind,
  at_ms: 0,
  victim: 0,
  for_ms: 1,
  value: 0,
  ...more,
});

function start(
  fleet: Fleet,
  planned: PlannedFault[],
  spare_first = false,
): { ledger: Ledger; faults: Faults } {
  const ledger = new Ledger();
  const faults = startFaults({
    planned,
    tasks: TASKS,
    victims: fleet,
    ledger,
    members: new Set(),
    spare_first,
  });
  return { ledger, faults };
}

describe('faults', () => {
  it('are made one after the other as they were planned, and undone', async () => {
    const fleet = new Fleet();
    const planned = [
      fault('pause'),
      fault('freeze', { victim: 0.2 }),
      fault('cut', { victim: 0.9 }),
      fault('router'),
      fault('roll', { at_ms: 10 }),
      fault('slow', { value: 70 }),
    ];
    const { ledger, faults } = start(fleet, planned);
    await faults.done;
    expect(ledger.breaches).toEqual([]);
    const did =
      'id-1 freeze,id-1 thaw,id-3 freeze,id-3 thaw,id-6/router cut,id-6/router pass,router kill,router start,ecs deploy,dynamodb slow 70,dynamodb pass';
    expect(fleet.done.toSorted()).toEqual(did.split(',').toSorted());
    expect(fleet.done.findIndex((did) => did.endsWith('deploy'))).toBeGreaterThan(
      fleet.done.indexOf('id-6/router pass'),
    );
    expect(ledger.faults.map(({ kind }) => kind)).toEqual(planned.map(({ kind }) => kind));
    expect(ledger.faults.every(({ until }) => until < Infinity)).toBe(true);
  });

  it('never come to a task that one is under way at, and leave half of the fleet whole', async () => {
    const fleet = new Fleet();
    fleet.whole = false;
    const { ledger, faults } = start(
      fleet,
      Array.from({ length: TASKS }, () => fault('kill')),
      true,
    );
    await eventually(() => fleet.running.length === TASKS / 2);
    await expect.poll(() => fleet.done.length, { timeout: 600 }).toBe(TASKS / 2);
    const ending = faults.end();
    fleet.whole = true;
    await ending;
    expect(fleet.done).toEqual(['id-2 kill', 'id-3 kill', 'id-4 kill']);
    expect(ledger.breaches).toEqual([]);
  });

  it('that a task has ended under are over, too', async () => {
    const fleet = new Fleet();
    const disturb = fleet.disturb.bind(fleet);
    fleet.disturb = (target, mode) => {
      if (mode === 'thaw') {
        fleet.running = fleet.running.filter(({ task_id }) => task_id !== target);
        return Promise.reject(new Error('there is no such task'));
      }
      return disturb(target, mode);
    };
    const { ledger, faults } = start(fleet, [fault('pause')]);
    await faults.done;
    expect(ledger.breaches).toEqual([]);
    expect(ledger.calmSince()).toBeLessThan(Infinity);
  });

  it('that cannot be made are breaches', async () => {
    const fleet = new Fleet();
    fleet.disturb = () => Promise.reject(new Error('no proxies'));
    const { ledger, faults } = start(fleet, [fault('slow')]);
    await faults.done;
    expect(ledger.breaches).toEqual([
      expect.stringMatching(/a fault \(slow\) could not be made: .*no proxies/),
    ]);
  });
});
