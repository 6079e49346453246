import { describe, expect, it } from 'vitest';
import { figuresOf, quantile } from '../../support/load/figures.ts';
import { Ledger } from '../../support/load/ledger.ts';

describe('the ledger', () => {
  it('knows what was under a fault, while it lasts and from when it began', () => {
    const ledger = new Ledger();
    expect(ledger.underFault(['router'], 0)).toBe(false);
    const fault = ledger.fault('router', 'router');
    expect(ledger.underFault(['router'], Date.now() + 1_000)).toBe(true);
    expect(ledger.calmSince()).toBe(Infinity);
    fault.over();
    expect(ledger.underFault(['router'], fault.at)).toBe(true);
    expect(ledger.underFault(['router'], Date.now() + 1_000)).toBe(false);
    expect(ledger.underFault(['kill'], 0)).toBe(false);
    expect(ledger.calmSince()).toBe(fault.until);
  });

  it('keeps a hundred breaches and counts all', () => {
    const ledger = new Ledger();
    for (let n = 0; n < 150; n++) ledger.breach('again');
    expect([ledger.breaches.length, ledger.breaches_in_all]).toEqual([100, 150]);
  });

  it('tells a breach with the faults that may have to do with it', () => {
    const ledger = new Ledger();
    const old = ledger.fault('freeze', 'task-1');
    old.over();
    old.until -= 40_000;
    const over = ledger.fault('kill', 'task-2');
    over.over();
    ledger.fault('away', 'dynamodb');
    expect(ledger.timeline(Date.now())).toEqual([
      expect.stringMatching(/^0\.\d s: kill of task-2, until 0\.\d s$/),
      expect.stringMatching(/^0\.\d s: away of dynamodb, not over$/),
    ]);
  });

  it('keeps recoveries apart that had to wait for the router or DynamoDB, too', () => {
    const ledger = new Ledger();
    const fault = ledger.fault('kill', 'task-1');
    ledger.recovered(fault);
    ledger.fault('slow', 'dynamodb');
    ledger.recovered(fault);
    expect(ledger.recoveries.kill.map(({ alone }) => alone)).toEqual([true, false]);
  });
});

describe('figures', () => {
  it('are quantiles by the nearest rank', () => {
    const values = Array.from({ length: 20 }, (_, n) => 20 - n);
    expect([quantile(values, 0.5), quantile(values, 0.95), quantile(values, 1), quantile([], 1)]).toEqual([
      10,
      19,
      20,
      undefined,
    ]);
    expect(figuresOf(values)).toEqual({ count: 20, p50_ms: 10, p95_ms: 19, most_ms: 20 });
    expect(figuresOf([])).toBeUndefined();
  });
});
