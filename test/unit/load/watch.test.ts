import { describe, expect, it } from 'vitest';
import { Ledger } from '../../support/load/ledger.ts';
import { Watch } from '../../support/load/watch.ts';

const person = (client_id: string) => ({ client_id, breaks: 0, over: false, stirred: 0 });

/** Ann, who watches Bob and Eve. */
function watching() {
  const ledger = new Ledger();
  const [bob, eve] = [person('bob'), person('eve')];
  const watch = new Watch(ledger);
  const fault = ledger.fault('kill', 'task-1');
  const recoveries = () => ledger.recoveries.kill.length;
  return { ledger, watch, bob, eve, fault, recoveries };
}

describe('a recovery', () => {
  it('ends when everybody was heard who said something since the fault was in force', () => {
    const { watch, bob, eve, fault, recoveries } = watching();
    watch.struck(fault, [bob, eve]);
    watch.heard(bob, fault.at + 5);
    fault.in_force = fault.at + 10;
    watch.heard(eve, fault.at + 10);
    expect(recoveries()).toBe(0);
    watch.heard(bob, fault.at + 9);
    expect(recoveries()).toBe(0);
    watch.heard(bob, fault.at + 11);
    watch.heard(eve, fault.at + 20);
    expect(recoveries()).toBe(1);
  });

  it('does not wait for who is over, and is none of a client that the load itself disturbed', () => {
    const { watch, bob, eve, fault, recoveries } = watching();
    fault.in_force = fault.at;
    watch.struck(fault, [bob, eve]);
    bob.over = true;
    watch.heard(eve, fault.at);
    expect(recoveries()).toBe(1);
    watch.struck(fault, [eve]);
    watch.forget();
    watch.heard(eve, fault.at);
    expect(recoveries()).toBe(1);
  });
});

it('everybody is heard again, or is not', () => {
  const { watch, bob, eve } = watching();
  expect(watch.hearsAll()).toBe(true);
  watch.listenAfresh(100, [bob, eve]);
  watch.heard(bob, 100);
  watch.heard(eve, 99);
  expect(watch.hearsAll()).toBe(false);
  watch.heard(eve, 100);
  expect(watch.hearsAll()).toBe(true);
});

it('the longest time without a pose is that between two of a speaker, or since the last', () => {
  const { ledger, watch, bob, eve, fault } = watching();
  watch.pose(bob);
  watch.drains(fault, true);
  for (const speaker of [bob, eve, bob]) watch.pose(speaker);
  eve.stirred++;
  watch.drained(fault);
  expect(ledger.pose_gaps.hit).toHaveLength(1);
  expect(ledger.pose_gaps.hit[0]).toBeLessThan(1_000);
  expect(ledger.pose_gaps.others).toEqual([]);
});
