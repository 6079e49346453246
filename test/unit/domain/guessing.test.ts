import { describe, expect, it } from 'vitest';
import { blockedFor, sourceName, sourceNetwork } from '../../../shared/domain/guessing.ts';

describe('the source of failed joins', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['test-invoke-source-ip', 'test-invoke-source-ip'],
  ])('%s counts as %s', (address, network) => {
    expect(sourceNetwork(address)).toBe(network);
  });

  it('has a name that does not show the address, another for joins than for resumes, another by each secret', () => {
    const names = [
      sourceName('secret', '203.0.113.7', 'join'),
      sourceName('secret', '203.0.113.7', 'resume'),
      sourceName('other', '203.0.113.7', 'join'),
      sourceName('secret', '203.0.113.8', 'join'),
    ];
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('is blocked from the limit on, until its window is over', () => {
    expect(blockedFor(undefined, 3, 1_000)).toBe(0);
    expect(blockedFor({ failures: 2, until: 5_000 }, 3, 1_000)).toBe(0);
    expect(blockedFor({ failures: 3, until: 5_000 }, 3, 1_000)).toBe(4_000);
    expect(blockedFor({ failures: 9, until: 5_000 }, 3, 5_000)).toBe(0);
  });
});
