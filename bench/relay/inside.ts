/** How long a frame is inside our process, at a relay that has nothing else to do. */
import { runLoad } from './load.ts';
import type { Bench } from './measure.ts';
import { membersOf } from './members.ts';
import { rowOf } from './rows.ts';
import type { Row } from './rows.ts';
import { INSIDE } from './scenarios.ts';
import { startServer } from './server-process.ts';
import { OURS } from './systems.ts';
import type { System } from './systems.ts';

const SERVER: System = {
  name: OURS,
  protocol: 'raw',
  members: 'register',
  source: { kind: 'node', file: 'servers/inside.ts', env: {}, needs: 'nothing' },
  tls: false,
};

/** Frames a second: so few that each is done long before the next. */
const RATE = 100;
const WARM_S = 2;

/** The value that a share of `sorted` is no more than. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** A row for each size of a room: p50, p99 and p99.9 of the µs from receipt to the last write. */
export async function measureInside(bench: Bench): Promise<Row[]> {
  const server = await startServer(SERVER, bench.surroundings);
  const rows: Row[] = [];
  try {
    for (const { name, members, size } of INSIDE) {
      bench.progress(name);
      const place = { system: SERVER, ready: server.ready, secret: bench.surroundings.secret };
      const plan = { size, intensity: { kind: 'rate', per_room_s: RATE } } as const;
      const run = async (measure_s: number): Promise<number[]> => {
        const list = await membersOf(place, 1, members);
        await runLoad(bench.generator, SERVER, server, { ...plan, members: list, warm_s: 0, measure_s });
        return JSON.parse(await server.ask('inside')) as number[];
      };
      await run(WARM_S);
      const sorted = (await run(2 * bench.seconds)).toSorted((a, b) => a - b);
      if (sorted.length === 0) throw new Error('No frame took the fast lane: it does not work on this Node');
      rows.push({
        ...rowOf(OURS, name, []),
        p50_us: quantile(sorted, 0.5),
        p99_us: quantile(sorted, 0.99),
        p999_us: quantile(sorted, 0.999),
        rounds: 1,
      });
    }
  } finally {
    await server.stop();
  }
  return rows;
}
