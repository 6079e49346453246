import { describe, expect, it } from 'vitest';
import { Ledger } from '../../support/load/ledger.ts';
import { Watch } from '../../support/load/watch.ts';

const person = (client_id: string) => ({ client_id, breaks: 0, over: false, stirred: 0, strikes: 0 });

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

it('a drain that begins while another fault keeps a client from the others is no measure of the drain', () => {
  const { ledger, watch, bob, fault } = watching();
  watch.poses.heard(bob);
  watch.struck(fault, [bob]);
  const [during, after] = [ledger.fault('term', 'task-2'), ledger.fault('term', 'task-3')];
  watch.drains(during, true);
  fault.in_force = fault.at;
  watch.heard(bob, fault.at);
  watch.drains(after, true);
  watch.poses.drained(during);
  watch.poses.drained(after);
  expect(ledger.pose_gaps).toMatchObject({ hit: { length: 1 }, others: [], disturbed: { length: 1 } });
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
