import { describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../support/load/ledger.ts';
import { planRoom, planStanding } from '../../support/load/plan.ts';
import { planFaults } from '../../support/load/schedule.ts';
import { seededRandom } from '../../support/random.ts';

const ROOM = { longest_ms: 30_000, sealed_share: 0.5 };

describe('planned rooms', () => {
  it('are the same for the same seed, and others for another', () => {
    const plans = (seed: number) =>
      Array.from({ length: 20 }, (_, n) => planRoom(seededRandom(seed + n), n, ROOM));
    expect(plans(5)).toEqual(plans(5));
    expect(plans(5)).not.toEqual(plans(500));
  });

  it('are made by someone who stays until the others have come', () => {
    for (let seed = 0; seed < 200; seed++) {
      const [creator, ...others] = planRoom(seededRandom(seed), 1, ROOM).members;
      expect(others.every(({ comes }) => comes < creator!.stays)).toBe(true);
    }
  });

  it('are sealed in part, and some stay until the end', () => {
    const sealed = Array.from({ length: 200 }, (_, seed) => planRoom(seededRandom(seed), 1, ROOM)).filter(
      (room) => room.sealed,
    );
    expect(sealed.length).toBeGreaterThan(60);
    expect(sealed.length).toBeLessThan(140);
    const { members } = planStanding(seededRandom(1), 1, 1);
    expect(members.length).toBeGreaterThan(1);
    expect(members.every(({ stays, end }) => stays === Infinity && end === 'leave')).toBe(true);
  });
});

describe('planned faults', () => {
  const OPTIONS = {
    kinds: FAULT_KINDS,
    load_ms: 300_000,
    mean_ms: 8_000,
    lease_ms: 10_000,
    router_until_ms: Infinity,
  };
  const plan = (seed: number, more: Partial<typeof OPTIONS> = {}) =>
    planFaults(seededRandom(seed), { ...OPTIONS, ...more });

  it('are the same for the same seed, and others for another', () => {
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  it('come about as often as they are to, while there is load, each kind before any comes again', () => {
    const planned = plan(3);
    expect(planned.length).toBeGreaterThan(25);
    expect(planned.length).toBeLessThan(55);
    expect(planned.every(({ at_ms }) => at_ms < OPTIONS.load_ms)).toBe(true);
    expect(new Set(planned.slice(0, FAULT_KINDS.length).map(({ kind }) => kind)).size).toBe(
      FAULT_KINDS.length,
    );
    expect(plan(3, { mean_ms: 0 })).toEqual([]);
  });

  it('freeze tasks beyond their lease and pause them within it; DynamoDB is away for less than a seat is kept', () => {
    const planned = Array.from({ length: 30 }, (_, seed) => plan(seed)).flat();
    const times = (kind: string) =>
      planned.filter((fault) => fault.kind === kind).map(({ for_ms }) => for_ms);
    expect(Math.min(...times('freeze'))).toBeGreaterThan(12_000);
    expect(Math.max(...times('pause'))).toBeLessThan(OPTIONS.lease_ms);
    expect(Math.max(...times('away'))).toBeLessThan(15_000);
    expect(Math.min(...times('cut'))).toBeLessThan(OPTIONS.lease_ms);
    expect(Math.max(...times('cut'))).toBeGreaterThan(OPTIONS.lease_ms);
  });

  it('leave the router alone from when its memory is watched', () => {
    const routers = plan(4, { router_until_ms: 100_000 }).filter(({ kind }) => kind === 'router');
    expect(routers.length).toBeGreaterThan(0);
    expect(routers.every(({ at_ms }) => at_ms < 100_000)).toBe(true);
  });
});
