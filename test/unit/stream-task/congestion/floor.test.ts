import { describe, expect, it } from 'vitest';
import { Floor } from '../../../../stream-task/congestion/floor.ts';

describe('floor', () => {
  it('falls at once', () => {
    const floor = new Floor();
    floor.sample(300, false, 0);
    floor.sample(120, false, 1);
    expect(floor.value).toBe(120);
  });

  it('does not rise for samples that may have waited in a queue of ours, however long', () => {
    const floor = new Floor();
    floor.sample(50, true, 0);
    for (let now = 0; now < 600_000; now += 50) floor.sample(180, false, now);
    expect(floor.value).toBe(50);
  });

  it('rises to the least sample of an empty way once nothing was near it for ten seconds', () => {
    const floor = new Floor();
    floor.sample(50, true, 0);
    for (let now = 100; now < 10_000; now += 100) floor.sample(250 + (now % 300), true, now);
    expect(floor.value).toBe(50);
    floor.sample(300, true, 10_000);
    expect(floor.value).toBe(250);
  });

  it('stays while samples come near it', () => {
    const floor = new Floor();
    floor.sample(170, true, 0);
    for (let now = 0; now < 60_000; now += 50) floor.sample(170 + (now % 9_000 === 0 ? 20 : 60), true, now);
    expect(floor.value).toBe(170);
  });
});
