import { describe, expect, test } from 'vitest';
import { chartOf } from '../../../bench/relay/chart.ts';
import type { LoadResult } from '../../../bench/relay/load.ts';
import { ratioOf, relayTables } from '../../../bench/relay/report.ts';
import { idleRow, rowOf } from '../../../bench/relay/rows.ts';
import type { Row, Run } from '../../../bench/relay/rows.ts';
import { atRate, IDLE, SCENARIOS } from '../../../bench/relay/scenarios.ts';
import { BASELINE, OURS, OURS_V1, overTls } from '../../../bench/relay/systems.ts';
import { verdictLines, verdictsOf } from '../../../bench/relay/verdicts.ts';

const NO_ERRORS = { lost: 0, order: 0, duplicate: 0, content: 0, foreign: 0, closed: 0 };

/** A run of two seconds with a million deliveries: `cpu_s` is CPU µs for each as well. */
function measured(cpu_s: number, more: Partial<LoadResult> = {}): Run {
  const result: LoadResult = {
    deliveries: 1_000_000,
    messages_sent: 1_000_000,
    seconds: 2,
    server_cpu_s: cpu_s,
    generator_cpu_s: 1,
    p50_us: 100 * cpu_s,
    p99_us: 200 * cpu_s,
    p999_us: 300 * cpu_s,
    max_us: 400 * cpu_s,
    errors: NO_ERRORS,
    first_error: null,
    ...more,
  };
  return { kind: 'measured', result };
}

const SMALL = '200x2 100B';
const BUSY = '40x10 1KB';

describe('a row', () => {
  test('has the medians of the rounds, with the least and the most', () => {
    const row = rowOf(OURS, SMALL, [measured(5), measured(1.5), measured(4)]);
    expect(row).toMatchObject({
      cpu_us_per_delivery: 4,
      cpu_us_spread: [1.5, 5],
      deliveries_per_s: 500_000,
      p50_us: 400,
      p99_us: 800,
      generator_utilisation: 0.5,
      errors: 0,
      rounds: 3,
    });
    expect(rowOf(OURS, SMALL, [measured(2), measured(4)]).cpu_us_per_delivery).toBe(3);
  });

  test('begins with the fields that other programs rely on', () => {
    expect(Object.keys(rowOf(OURS, SMALL, [measured(1)])).slice(0, 8)).toEqual([
      'system',
      'scenario',
      'cpu_us_per_delivery',
      'deliveries_per_s',
      'p50_us',
      'p99_us',
      'generator_utilisation',
      'errors',
    ]);
  });

  test('adds up what went wrong, and counts a failed run', () => {
    const wrong = measured(1, { errors: { ...NO_ERRORS, lost: 2, order: 1 }, first_error: 'room 3: lost' });
    const row = rowOf(OURS, SMALL, [measured(1), wrong, { kind: 'failed', reason: 'it died\nat once' }]);
    expect(row).toMatchObject({ errors: 4, first_error: 'room 3: lost', cpu_us_per_delivery: 1, rounds: 3 });
  });

  test('of a system that delivered nothing has no figures, in JSON too', () => {
    const row = rowOf(OURS, SMALL, [
      measured(1, { deliveries: 0 }),
      { kind: 'failed', reason: 'it died\nat once' },
    ]);
    expect(JSON.parse(JSON.stringify(row))).toMatchObject({
      cpu_us_per_delivery: null,
      p99_us: null,
      deliveries_per_s: 0,
      errors: 1,
      first_error: 'it died',
    });
  });
});

describe('the table', () => {
  const rows = [
    rowOf(OURS, SMALL, [measured(4)]),
    rowOf(BASELINE, SMALL, [measured(6)]),
    rowOf(overTls(OURS), SMALL, [measured(10)]),
    rowOf(overTls(BASELINE), SMALL, [measured(12)]),
    rowOf('Socket.IO', SMALL, [measured(30, { generator_cpu_s: 1.95 })]),
    rowOf('Socket.IO', atRate(SMALL), [measured(30)], 600_000),
    idleRow(OURS, IDLE.name, [2_048, 2_560, 9_000], []),
  ];

  test('compares plain with plain and TLS with TLS', () => {
    expect(rows.slice(0, 5).map((row) => ratioOf(row, rows)?.toFixed(2))).toEqual([
      '1.50',
      '1.00',
      '1.20',
      '1.00',
      '0.20',
    ]);
    expect(ratioOf(rows[5]!, rows)).toBeUndefined();
  });

  test('marks where the generator is the limit, and who falls behind', () => {
    const lines = relayTables(rows).split('\n');
    expect(lines.filter((line) => line.startsWith('Socket.IO'))).toEqual([
      expect.stringMatching(/98 %\s+generator is the limit$/),
      expect.stringMatching(/50 %\s+falls behind 600,000\/s$/),
    ]);
  });

  test('has the memory of idle connections in KB', () => {
    expect(relayTables(rows)).toMatch(/idle 5000x2\n\nsystem +KB\/connection\n.*\nanteroom raw +2\.5$/);
  });
});

describe('verdicts', () => {
  const saturated = (ours: number, v1: number, baseline: number, mosquitto: number): Row[] => [
    rowOf(OURS, SMALL, [measured(ours)]),
    rowOf(OURS_V1, SMALL, [measured(v1)]),
    rowOf(BASELINE, SMALL, [measured(baseline)]),
    rowOf('mosquitto', SMALL, [measured(mosquitto)]),
  ];
  const said = (rows: readonly Row[]): (readonly [boolean | undefined, string])[] =>
    verdictsOf(rows).map(({ held, text }) => [held, text]);

  test('are held at the bounds; a broker in C may be ahead in rooms of two', () => {
    expect(said(saturated(4, 4.6, 5.4, 3))).toEqual([
      [true, `${SMALL}: ${BASELINE} takes 1.35 times our CPU (at least 1.35, goal 1.55)`],
      [true, `${SMALL}: v1 takes 1.15 times the CPU of raw (at most 1.15)`],
      [true, `${SMALL}: ahead of ${BASELINE}`],
    ]);
  });

  test('are missed beyond them', () => {
    const rows = saturated(4, 4.7, 5.3, 3).map((row) => ({ ...row, scenario: BUSY }));
    expect(said(rows)).toEqual([
      [false, expect.stringContaining('1.32 times our CPU (at least 5')],
      [false, expect.stringContaining('1.18 times the CPU of raw')],
      [false, `${BUSY}: mosquitto ahead of us`],
    ]);
  });

  test('of latency and memory compare with the baseline and with bare ws', () => {
    const rows = [
      rowOf(OURS, atRate(BUSY), [measured(3)]),
      rowOf(BASELINE, atRate(BUSY), [measured(2)]),
      idleRow(OURS, IDLE.name, [3_000], []),
      idleRow('naive ws', IDLE.name, [7_000], []),
    ];
    expect(said(rows)).toEqual([
      [false, expect.stringContaining(`p99 is 600 µs, that of ${BASELINE} 400 µs`)],
      [true, expect.stringContaining('2.9 KB a connection, naive ws 6.8 KB')],
    ]);
  });

  test('say what was not measured', () => {
    const lines = verdictLines(verdictsOf([rowOf(OURS, SMALL, [measured(4)])])).split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^- .*: not measured$/);
  });
});

describe('the chart', () => {
  const rows = [
    rowOf(BASELINE, BUSY, [measured(4.3)]),
    rowOf('a < b & "c"', BUSY, [measured(38)]),
    rowOf(OURS, BUSY, [measured(0.73)]),
    rowOf(overTls(OURS), BUSY, [measured(9)]),
    rowOf(OURS, atRate(BUSY), [measured(2)]),
    rowOf('nats-server', SMALL, [{ kind: 'failed', reason: 'it died' }]),
    rowOf(OURS, SMALL, [measured(4.6)]),
  ];
  const svg = chartOf(rows, SCENARIOS);

  test('is well-formed', () => {
    const open: string[] = [];
    const ends: (readonly [string | undefined, string | undefined])[] = [];
    for (const [, closing, name, empty] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (closing === '' && empty === '') open.push(name!);
      if (closing === '/') ends.push([open.pop(), name]);
    }
    expect(open).toEqual([]);
    expect(ends.length).toBeGreaterThan(5);
    for (const [opened, closed] of ends) expect(opened).toBe(closed);
    // Nothing is left of what a name may have that XML takes for its own.
    const text = svg.replaceAll(/<[^<>]*>/g, '').replaceAll(/&(amp|lt|gt|quot);/g, '');
    expect(text).not.toMatch(/[<&]/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('is the same for the same results', () => {
    expect(chartOf(structuredClone(rows), SCENARIOS)).toBe(svg);
  });

  test('has a bar for each plain system at saturation, the least first, by the logarithm', () => {
    const bars = [...svg.matchAll(/<rect class="(ours|baseline|peer)" .*width="([\d.]+)"/g)];
    expect(bars.map(([, kind]) => kind)).toEqual(['ours', 'ours', 'baseline', 'peer']);
    const [small, ours, baseline, peer] = bars.map(([, , width]) => Number(width));
    expect((baseline! - ours!) / (peer! - baseline!)).toBeCloseTo(
      Math.log(4.3 / 0.73) / Math.log(38 / 4.3),
      1,
    );
    expect(small! - baseline!).toBeGreaterThan(0);
  });

  test('is not made of nothing', () => {
    expect(() => chartOf([], SCENARIOS)).toThrow('there is nothing to draw');
  });
});
