import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseTask } from '../../../shared/domain/placement.ts';
import { QUOTA_SHARDS, shardLimit, shardsWithRoom } from '../../../shared/domain/quota.ts';
import { nextState, type TaskState } from '../../../shared/domain/task.ts';
import { taskRecord } from '../../support/records.ts';
import { seededRandom } from '../../support/random.ts';

const task = (task_id: string, rooms: number) => taskRecord(task_id, { rooms });

const candidates = fc
  .array(fc.nat(100), { minLength: 1, maxLength: 8 })
  .map((rooms) => rooms.map((count, index) => task(`t${index}`, count)));

describe('placement', () => {
  it('chooses one of the candidates, never the fuller of the two that it looked at', () => {
    fc.assert(
      fc.property(candidates, fc.integer(), (tasks, seed) => {
        const random = seededRandom(seed);
        const chosen = chooseTask(tasks, 'spread', () => random.fraction());
        expect(tasks).toContain(chosen);
        const most = Math.max(...tasks.map(({ rooms }) => rooms));
        const fullest = tasks.filter(({ rooms }) => rooms === most);
        // The one fullest task can only be chosen when there is no other.
        const oneFullest = tasks.length > 1 && fullest.length === 1;
        expect(oneFullest && chosen === fullest[0]).toBe(false);
      }),
    );
  });

  it('spreads a herd that sees one and the same index', () => {
    const tasks = Array.from({ length: 8 }, (_, index) => task(`t${index}`, 0));
    const random = seededRandom(7);
    const hits = new Map<string, number>();
    for (let i = 0; i < 800; i++) {
      const { task_id } = chooseTask(tasks, 'spread', () => random.fraction())!;
      hits.set(task_id, (hits.get(task_id) ?? 0) + 1);
    }
    expect(Math.max(...hits.values())).toBeLessThan(160);
    expect(hits.size).toBe(8);
  });

  it('packs into the fullest', () => {
    fc.assert(
      fc.property(candidates, (tasks) => {
        expect(chooseTask(tasks, 'packed', () => 0.5)?.rooms).toBe(
          Math.max(...tasks.map(({ rooms }) => rooms)),
        );
      }),
    );
  });

  it('has nothing to choose without candidates', () => {
    expect(chooseTask([], 'spread', () => 0)).toBeUndefined();
  });
});

describe('quota shards', () => {
  it('add up to MAX_ROOMS exactly', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (max_rooms) => {
        const limits = Array.from({ length: QUOTA_SHARDS }, (_, shard) => shardLimit(max_rooms, shard));
        expect(limits.reduce((sum, limit) => sum + limit, 0)).toBe(max_rooms);
        expect(Math.max(...limits) - Math.min(...limits)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('have room as long as fewer than MAX_ROOMS are held within the parts', () => {
    expect(shardsWithRoom(3, [])).toEqual([0, 1, 2]);
    expect(shardsWithRoom(3, [1, 0, 1])).toEqual([1]);
    expect(shardsWithRoom(3, [1, 1, 1])).toEqual([]);
  });
});

describe('task states', () => {
  const states: TaskState[] = ['STARTING', 'READY', 'STANDBY', 'DRAINING', 'STOPPED'];
  it.each(states.flatMap((from) => states.map((to) => [from, to] as const)))(
    '%s reported as %s moves forward only',
    (from, to) => {
      const after = nextState(from, to);
      const rank: Record<TaskState, number> = { STARTING: 0, READY: 1, STANDBY: 1, DRAINING: 2, STOPPED: 3 };
      expect(rank[after]).toBe(Math.max(rank[from], rank[to]));
      expect(from === 'STANDBY' && after === 'READY').toBe(false);
    },
  );
});
