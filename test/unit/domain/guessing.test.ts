import { describe, expect, it } from 'vitest';
import { blockedFor, sourceName } from '../../../shared/domain/guessing.ts';

describe('the source of failed joins', () => {
  it('has a name that does not show the address, another for joins than for resumes, another by each secret', () => {
    const names = [
      sourceName('secret', '203.0.113.7', 'join'),
      sourceName('secret', '203.0.113.7', 'resume'),
      sourceName('other', '203.0.113.7', 'join'),
      sourceName('secret', '203.0.113.8', 'join'),
    ];
    expect(sourceName('secret', '::ffff:203.0.113.7', 'join')).toBe(names[0]);
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
