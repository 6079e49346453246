import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ledger } from '../../support/load/ledger.ts';
import { PoseGaps } from '../../support/load/pose-gaps.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

const person = () => ({ over: false, stirred: 0, strikes: 0 });
const calm = { hit: true, disturbed: false };

/** Somebody who hears Bob and Eve; what is heard `at` ms. */
function listening() {
  const ledger = new Ledger();
  const gaps = new PoseGaps(ledger);
  const [bob, eve] = [person(), person()];
  const fault = ledger.fault('term', 'task-1');
  const at = (ms: number, ...heard: ReturnType<typeof person>[]): void => {
    vi.setSystemTime(ms);
    for (const speaker of heard) gaps.heard(speaker);
  };
  return { ledger, gaps, bob, eve, fault, at, found: ledger.pose_gaps };
}

describe('the longest time without a pose while a task drains', () => {
  it('is that between two of a speaker, of each speaker', () => {
    const { gaps, bob, eve, fault, at, found } = listening();
    at(0, bob, eve);
    gaps.drains(fault, calm);
    at(100, bob, eve);
    at(250, bob);
    at(300, bob, eve);
    gaps.drained(fault);
    expect(found).toMatchObject({ hit: [150, 200], others: [], disturbed: [] });
  });

  it('counts from the last before the drain, and until its end', () => {
    const { gaps, bob, eve, fault, at, found } = listening();
    at(0, bob, eve);
    at(50);
    gaps.drains(fault, { ...calm, hit: false });
    at(400, bob);
    at(500);
    gaps.drained(fault);
    expect(found).toMatchObject({ hit: [], others: [400, 500], disturbed: [] });
  });

  it('begins with the first pose of somebody who comes meanwhile', () => {
    const { gaps, bob, fault, at, found } = listening();
    gaps.drains(fault, calm);
    at(700, bob);
    at(800, bob);
    gaps.drained(fault);
    expect(found.hit).toEqual([100]);
  });

  it('is told less what the load itself stood still, too', () => {
    const { ledger, gaps, bob, eve, fault, at, found } = listening();
    at(0, bob, eve);
    gaps.drains(fault, calm);
    at(150, bob);
    // The timers of the load were late from 180 to 400.
    ledger.stalls.note(180, 400);
    at(400, bob, eve);
    at(410, eve);
    gaps.drained(fault);
    expect(found).toMatchObject({ hit: [250, 400], hit_net: [150, 180] });
  });

  it('is nothing of who is over, nor of who was disturbed by the load itself', () => {
    const { gaps, bob, eve, fault, at, found } = listening();
    at(0, bob, eve);
    gaps.drains(fault, calm);
    bob.over = true;
    eve.stirred++;
    at(300, eve);
    gaps.drained(fault);
    at(400);
    const next = { ...fault };
    gaps.drains(next, calm);
    at(500, eve);
    gaps.drained(next);
    gaps.drains(fault, calm);
    gaps.forget();
    at(900, eve);
    gaps.drained(fault);
    expect(found).toMatchObject({ hit: [200], others: [], disturbed: [] });
  });

  it('does not count from before somebody was disturbed by the load itself', () => {
    const { gaps, bob, fault, at, found } = listening();
    at(0, bob);
    bob.stirred++;
    gaps.drains(fault, calm);
    at(600, bob);
    at(700, bob);
    gaps.drained(fault);
    expect(found.hit).toEqual([100]);
  });

  it('is told apart where another fault hits one of the two: before, at the listener, at the speaker', () => {
    const { gaps, bob, eve, fault, at, found } = listening();
    at(0, bob, eve);
    gaps.drains(fault, { hit: true, disturbed: true });
    at(100, bob);
    gaps.drained(fault);
    expect(found.disturbed).toEqual([100, 100]);

    gaps.drains(fault, calm);
    gaps.struck();
    at(300, bob, eve);
    gaps.drained(fault);
    expect(found.disturbed.slice(2)).toEqual([200, 300]);

    gaps.drains(fault, calm);
    bob.strikes++;
    at(310, bob, eve);
    gaps.drained(fault);
    expect(found.disturbed.slice(4)).toEqual([10]);
    expect(found).toMatchObject({ hit: [10], others: [] });
  });
});
