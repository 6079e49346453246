import { expect, it } from 'vitest';
import type { RunningTask } from '../../../dev/fleet.ts';
import { startKills, type Victims } from '../../soak/kills.ts';
import { Ledger } from '../../soak/ledger.ts';
import { eventually } from '../../support/inbox.ts';
import { seededRandom } from '../../support/random.ts';

const TASKS = 6;

it('faults never come to a task that one is under way at, and leave half of the fleet whole', async () => {
  let number = 0;
  const start = (): RunningTask => {
    const task_id = `id-${++number}`;
    return { name: `task-${number}`, task_id, task_arn: task_id, pid: number };
  };
  let tasks = Array.from({ length: TASKS }, start);
  let looks = 0;
  let asked = 0;
  const answer = Promise.withResolvers<void>();
  const ended: string[] = [];
  const victims: Victims = {
    tasks() {
      looks++;
      return tasks;
    },
    // Slow, as on a busy machine: other faults are drawn meanwhile.
    async addresses() {
      asked++;
      await answer.promise;
      return new Map(tasks.map(({ task_id }) => [task_id, 'ws://task']));
    },
    disturb(target) {
      ended.push(target);
      tasks = [...tasks.filter(({ task_id }) => task_id !== target), start()];
      return Promise.resolve();
    },
  };
  const ledger = new Ledger();
  const kills = startKills({
    random: seededRandom(1),
    mean_seconds: 0.001,
    kinds: ['kill', 'term'],
    tasks: TASKS,
    victims,
    ledger,
    members: new Set(),
    router_until: 0,
  });
  await eventually(() => looks > 50);
  const ending = kills.end();
  expect(asked).toBe(TASKS / 2);
  answer.resolve();
  await ending;
  expect(ended).toHaveLength(TASKS / 2);
  expect(new Set(ended).size).toBe(TASKS / 2);
  expect(ended).not.toContain(kills.spared);
  expect(ledger.breaches).toEqual([]);
});
