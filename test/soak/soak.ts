/**
 * A soak: the local stack under a steady load of real clients and random faults, and then, when everybody has left, what
 * must hold.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SETTLED_MS } from '../../shared/domain/liveness.ts';
import { seededRandom } from '../support/random.ts';
import {
  growthOf,
  handleBreaches,
  memoryBreaches,
  tableBreaches,
  tableSizes,
  unseenBreaches,
} from './checks.ts';
import { startKills } from './kills.ts';
import { Ledger } from './ledger.ts';
import { lossyFetch, startLoad } from './load.ts';
import { repeatCommand, type SoakOptions } from './options.ts';
import { Processes, residentBytes } from './processes.ts';
import { progress, summaryOf, type Summary } from './report.ts';
import { startSoakStack, type SoakStack } from './stack.ts';

const MINUTE_MS = 60_000;
/** How long a client stays at most; in a short soak less. */
const LONGEST_STAY_MS = 30_000;
/** Time between two looks at memory; in a short soak less. */
const SAMPLE_MS = 10_000;
/** The load is steady by then; so is a process that was started under load. */
const WARM_UP_MS = 60_000;
/** What is due has been done this long after it was due. */
const SPARE_MS = 3_000;
/** A sweep under way holds the lock for this long at most. */
const SWEEP_TRIES = 60;

export interface Soak {
  readonly stack: SoakStack;
  readonly ledger: Ledger;
  /** Load and faults, until the time is up. Then everybody leaves. */
  run(): Promise<void>;
  /** Lets everything expire that nobody uses any more, sweeps once, and looks at what is left. */
  settle(): Promise<void>;
  /** What does not hold of the tables now. */
  tableBreaches(): Promise<string[]>;
  summary(): Summary;
  stop(): Promise<void>;
}

export async function startSoak(options: SoakOptions, print: (line: string) => void): Promise<Soak> {
  const ledger = new Ledger();
  const processes = new Processes();
  const random = seededRandom(options.seed);
  print(`seed ${options.seed}; repeat: ${repeatCommand(options)}`);
  const stack = await startSoakStack(options, { print, processes, breach: (what) => ledger.breach(what) });
  const load_ms = options.minutes * MINUTE_MS;
  const warm_up_ms = Math.min(WARM_UP_MS, load_ms / 4);
  const sample_ms = Math.min(SAMPLE_MS, Math.max(1_000, load_ms / 40));
  const sizes = async () => tableSizes(...(await stack.items()));
  const databaseBytes = () =>
    stack.database_pid === undefined ? undefined : residentBytes(stack.database_pid);
  const tables = { before: await sizes(), under_load: await sizes(), after: await sizes() };
  const database = { before: databaseBytes(), after: databaseBytes() };
  const started_at = Date.now();
  let steady_since = Infinity;
  let load_ended_at = Infinity;

  async function say(): Promise<void> {
    const minutes = (Date.now() - started_at) / MINUTE_MS;
    tables.under_load = await sizes();
    const running = new Set([process.pid, ...stack.pids()]);
    print(progress(`${minutes.toFixed(1)} min:`, ledger, tables.under_load, processes.series, running));
  }

  /** Calls `look` each `ms` until the signal says so. */
  async function regularly(ms: number, signal: AbortSignal, look: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await sleep(ms, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await look().catch((error: unknown) => print(`a look failed: ${String(error)}`));
    }
  }

  async function breachesOfTables(): Promise<string[]> {
    const [tasks, rooms] = await stack.items();
    const running = stack.tasks().map(({ task_id }) => task_id);
    return tableBreaches(tasks, rooms, running, Date.now());
  }

  function summary(): Summary {
    const period = { since: steady_since, until: load_ended_at, warm_up_ms };
    const growth = processes.series.flatMap((series) => growthOf(series, period) ?? []);
    return summaryOf(options, ledger, {
      tables,
      growth,
      database_rss_bytes: database,
      series: processes.series,
    });
  }

  return {
    stack,
    ledger,
    tableBreaches: breachesOfTables,
    summary,

    async run() {
      await processes.sample();
      const load = startLoad({
        seed: options.seed,
        rooms_per_second: options.rooms_per_second,
        longest_stay_ms: Math.min(LONGEST_STAY_MS, load_ms / 2),
        world: {
          router: stack.url,
          fetch: lossyFetch(random, ledger),
          random,
          ledger,
          connect_timeout_ms: stack.connect_timeout_ms,
          resume_grace_ms: stack.resume_grace_ms,
        },
      });
      const began = Date.now();
      const kills = startKills({
        random: seededRandom(options.seed + 1),
        mean_seconds: options.fault_seconds,
        kinds: options.faults,
        tasks: options.tasks,
        victims: stack,
        ledger,
        members: load.members,
        router_until: began + load_ms / 3,
      });
      steady_since = began + warm_up_ms;
      const looking = new AbortController();
      const looks = Promise.all([
        regularly(sample_ms, looking.signal, () => processes.sample()),
        regularly(MINUTE_MS, looking.signal, say),
      ]);
      await sleep(load_ms);
      load_ended_at = Date.now();
      looking.abort();
      await looks;
      await say();
      await Promise.all([kills.end(), load.end()]);
      print(`everybody has left; ${ledger.live} clients live`);
    },

    async settle() {
      const { connect_timeout_ms, lease_ms, resume_grace_ms } = stack;
      const wait = async (ms: number, what: string): Promise<void> => {
        print(`waiting ${ms / 1_000} s ${what}`);
        await sleep(ms + SPARE_MS);
      };
      // A sweep leaves rows alone that a request cut short may just have written: that takes a router which was killed.
      const cut_short = ledger.faults.some(({ kind }) => kind === 'router');
      await wait(Math.max(lease_ms, cut_short ? SETTLED_MS : 0), 'until the leases of the dead have run out');
      for (let tries = 1; ; tries++) {
        const result = await stack.sweep();
        if (result !== 'locked') break;
        if (tries === SWEEP_TRIES) throw new Error('the sweep stayed locked');
        await sleep(1_000);
      }
      // Seats of clients that were never heard of again, on tasks that died: the sweep could not know that nobody comes.
      await wait(Math.max(connect_timeout_ms, resume_grace_ms), 'until the seats that it moved have run out');
      tables.after = await sizes();
      await processes.sample();
      database.after = databaseBytes();
      const { growth } = summary();
      const found = [
        ...(await breachesOfTables()),
        ...memoryBreaches(growth),
        ...unseenBreaches(growth, options.minutes),
        ...handleBreaches(processes.series, steady_since, stack.pids()),
        ...(ledger.live === 0 ? [] : [`${ledger.live} clients are still live`]),
      ];
      for (const breach of found) ledger.breach(breach);
    },

    stop: () => stack.stop(),
  };
}
