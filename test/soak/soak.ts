/**
 * A soak: the local stack under a steady load of real clients and random faults, and then, when everybody has left, what
 * must hold.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultKind, Ledger } from '../support/load/ledger.ts';
import { regularly, startRun } from '../support/load/run.ts';
import { tableSizes } from '../support/load/tables.ts';
import { growthOf, handleBreaches, memoryBreaches, unseenBreaches } from './checks.ts';
import { inspectorUrl } from './inspector.ts';
import { repeatCommand, type SoakOptions } from './options.ts';
import { Processes, residentBytes } from './processes.ts';
import { progress, summaryOf, type Summary } from './report.ts';

const MINUTE_MS = 60_000;
/** How long a client stays at most; in a short soak less. */
const LONGEST_STAY_MS = 30_000;
/** Time between two looks at memory; in a short soak less. */
const SAMPLE_MS = 10_000;
/** The load is steady by then; so is a process that was started under load. */
const WARM_UP_MS = 60_000;
/** Idle connections between the load and the router close by themselves within this time. */
const IDLE_MS = 8_000;
/** Faults of connections. */
const PROXIED: readonly FaultKind[] = ['cut', 'reset', 'slow', 'throttle', 'away'];

export interface Soak {
  readonly ledger: Ledger;
  /** Load and faults, until the time is up. Then everybody leaves. */
  run(): Promise<void>;
  /** Lets everything expire that nobody uses any more, sweeps once, and looks at what is left. */
  settle(): Promise<void>;
  summary(): Summary;
  stop(): Promise<void>;
}

export async function startSoak(options: SoakOptions, print: (line: string) => void): Promise<Soak> {
  const ledger = new Ledger();
  const processes = new Processes();
  print(`seed ${options.seed}; repeat: ${repeatCommand(options)}`);
  const { minutes, seed, tasks, rooms_per_second, faults, fault_seconds } = options;
  const run = await startRun(
    {
      minutes,
      seed,
      tasks,
      rooms_per_second,
      faults,
      fault_seconds,
      // A process says itself how much memory it needs, after a collection: on a port of its own, on loopback.
      env: { ...options.env, NODE_OPTIONS: '--inspect=127.0.0.1:0' },
      standing_rooms: 0,
      sealed_share: 0,
      poses_per_second: 0,
      longest_stay_ms: LONGEST_STAY_MS,
      lossy: true,
      // Later its memory is watched, and that of the first task all the time.
      router_share: 1 / 3,
      spare_first: true,
      rolling: false,
      // Faults that need them are for chaos.
      proxies: faults.some((kind) => PROXIED.includes(kind)),
      tamper: undefined,
    },
    ledger,
    {
      print,
      onLine(name, line) {
        const url = inspectorUrl(line);
        if (url !== undefined) processes.announce(name, url);
      },
    },
  );
  const { stack, load_ms } = run;
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

  const look = (what: () => Promise<void>) => () =>
    what().catch((error: unknown) => print(`a look failed: ${String(error)}`));

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
    ledger,
    summary,

    async run() {
      await processes.sample();
      steady_since = Date.now() + warm_up_ms;
      const looking = new AbortController();
      const looks = Promise.all([
        regularly(
          sample_ms,
          looking.signal,
          look(() => processes.sample()),
        ),
        regularly(MINUTE_MS, looking.signal, look(say)),
      ]);
      await run.underLoad(async () => {
        load_ended_at = Date.now();
        looking.abort();
        await looks;
        await say();
      });
    },

    async settle() {
      await run.rest();
      await sleep(IDLE_MS);
      tables.after = await sizes();
      await processes.sample();
      database.after = databaseBytes();
      const { growth } = summary();
      const found = [
        ...memoryBreaches(growth),
        ...unseenBreaches(growth, minutes),
        ...handleBreaches(processes.series, steady_since, stack.pids()),
      ];
      for (const breach of found) ledger.breach(breach);
    },

    stop: () => run.stop(),
  };
}
