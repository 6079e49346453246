import { describe, expect, it } from 'vitest';
import { growthOf, handleBreaches, memoryBreaches, unseenBreaches } from '../../soak/checks.ts';
import { LOAD, type Sample, type Series } from '../../soak/processes.ts';

const MIB = 2 ** 20;

/** A process that is looked at each second, from 0 s; `heap` and `sockets` by the second. */
function series(
  name: string,
  seconds: number,
  heap: (s: number) => number,
  sockets = (_s: number) => 5,
): Series {
  const sample = (_: unknown, s: number): Sample => ({
    at: s * 1_000,
    heap_bytes: heap(s),
    rss_bytes: heap(s) + 100 * MIB,
    fds: 20,
    sockets: sockets(s),
  });
  return { name, pid: 7, samples: Array.from({ length: seconds }, sample) };
}
const WATCHED = { since: 10_000, until: 60_000, warm_up_ms: 5_000 };

describe('memory under load', () => {
  it('is compared by its floor, from when the load is steady; what comes and goes is none', () => {
    const growth = growthOf(
      series('router', 61, (s) => (s < 10 ? 90 : s % 3 === 0 ? 30 : 50) * MIB),
      WATCHED,
    );
    expect(growth).toMatchObject({ samples: 51, heap_bytes: { began: 30 * MIB, ended: 30 * MIB } });
    expect(memoryBreaches([growth!])).toEqual([]);
  });

  it('that grows without end is a breach', () => {
    const growth = growthOf(
      series('router', 61, (s) => (30 + s) * MIB),
      WATCHED,
    );
    expect(memoryBreaches([growth!])).toEqual([
      'router: heap grew from 40.0 MiB to 74.0 MiB; at most 46.0 MiB',
    ]);
  });

  it('of a process that did not live long enough is not compared', () => {
    expect(
      growthOf(
        series('task 9', 18, () => MIB),
        WATCHED,
      ),
    ).toBeUndefined();
  });

  it('must be compared in a long soak', () => {
    const growth = growthOf(
      series('task 1', 61, () => MIB),
      WATCHED,
    );
    expect(unseenBreaches([growth!], 5)).toEqual([]);
    expect(unseenBreaches([growth!], 30)).toEqual([
      'router: there were too few looks at its memory to compare',
      'load: there were too few looks at its memory to compare',
    ]);
  });

  it('of this process is compared by its heap alone', () => {
    const growth = {
      name: LOAD,
      pid: 7,
      samples: 50,
      heap_bytes: { began: 30 * MIB, ended: 30 * MIB },
      rss_bytes: { began: 100 * MIB, ended: 400 * MIB },
    };
    expect(memoryBreaches([growth])).toEqual([]);
    expect(memoryBreaches([{ ...growth, name: 'task 1' }])).toEqual([
      'task 1: resident memory grew from 100.0 MiB to 400.0 MiB; at most 131.0 MiB',
    ]);
  });
});

describe('sockets at rest', () => {
  const leaking = (name: string) =>
    series(
      name,
      30,
      () => MIB,
      (s) => 5 + s,
    );

  it('are as many as before the load, but for idle ones', () => {
    expect(handleBreaches([leaking('router')], 10_000, [7])).toEqual([]);
    expect(handleBreaches([leaking('task 1')], 10_000, [7])).toEqual([
      'task 1: 34 sockets are open at rest; 5 were before the load',
    ]);
  });

  it('are not those of a process that has ended, or came later', () => {
    expect(handleBreaches([leaking('task 1')], 10_000, [])).toEqual([]);
    expect(handleBreaches([leaking('task 1')], -1, [7])).toEqual([]);
  });
});
