import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../support/random.ts';
import { Ledger, quantile } from '../../soak/ledger.ts';
import { repeatCommand, soakOptions } from '../../soak/options.ts';
import { planRoom } from '../../soak/plan.ts';

describe('the options of a soak', () => {
  it('are repeated by the command that they print', () => {
    const options = soakOptions(['--seed', '7', '--minutes', '0.5', '--faults', 'kill,router'], {});
    const [, args = ''] = repeatCommand(options).split('-- ', 2);
    expect(repeatCommand(options)).toContain('--seed 7 ');
    expect(soakOptions(args.split(' '), {})).toEqual(options);
  });

  it.each([
    [['--minutes', 'long'], '--minutes must be a number from 0.05 up, not "long"'],
    [['--faults', 'kill,flood'], 'not flood'],
    [['--rooms', '3'], "Unknown option '--rooms'"],
  ])('%j are refused with a sentence', (args, sentence) => {
    expect(() => soakOptions(args, {})).toThrow(sentence);
  });
});

describe('the rooms of a soak', () => {
  it('are the same for the same seed, and others for another', () => {
    const plans = (seed: number) =>
      Array.from({ length: 20 }, (_, n) => planRoom(seededRandom(seed + n), n, 30_000));
    expect(plans(5)).toEqual(plans(5));
    expect(plans(5)).not.toEqual(plans(500));
  });

  it('are made by someone who stays until the others have come', () => {
    for (let seed = 0; seed < 200; seed++) {
      const [creator, ...others] = planRoom(seededRandom(seed), 1, 30_000).members;
      expect(others.every(({ comes }) => comes < creator!.stays)).toBe(true);
    }
  });
});

describe('the ledger', () => {
  it('knows what was under a fault, while it lasts and from when it began', () => {
    const ledger = new Ledger();
    expect(ledger.underFault(['router'], 0)).toBe(false);
    const fault = ledger.fault('router');
    expect(ledger.underFault(['router'], Date.now() + 1_000)).toBe(true);
    fault.over();
    expect(ledger.underFault(['router'], fault.at)).toBe(true);
    expect(ledger.underFault(['router'], Date.now() + 1_000)).toBe(false);
    expect(ledger.underFault(['kill'], 0)).toBe(false);
  });

  it('keeps a hundred breaches and counts all', () => {
    const ledger = new Ledger();
    for (let n = 0; n < 150; n++) ledger.breach('again');
    expect([ledger.breaches.length, ledger.breaches_in_all]).toEqual([100, 150]);
  });

  it('takes quantiles by the nearest rank', () => {
    const values = Array.from({ length: 20 }, (_, n) => 20 - n);
    expect([quantile(values, 0.5), quantile(values, 0.95), quantile(values, 1), quantile([], 1)]).toEqual([
      10,
      19,
      20,
      undefined,
    ]);
  });
});
