/** Chaos: the local stack under load and faults, and what must hold of it throughout and when everybody has left. */
import { Ledger } from '../support/load/ledger.ts';
import { regularly, startRun } from '../support/load/run.ts';
import { type Machine, watchMachine } from '../support/load/machine.ts';
import { placeBreaches } from '../support/load/settle.ts';
import { type ChaosOptions, repeatCommand, stackEnv } from './options.ts';
import { leakRoom, tampering } from './prove.ts';
import { progress, summaryOf, type Summary } from './report.ts';

const SAY_MS = 30_000;

export interface Chaos {
  readonly ledger: Ledger;
  /** Load and faults until the time is up, what must hold then, and the end of it. */
  run(): Promise<void>;
  summary(): Summary;
  /** Ends every process. */
  stop(): Promise<void>;
}

export async function startChaos(options: ChaosOptions, print: (line: string) => void): Promise<Chaos> {
  const { minutes, seed, tasks, standing_rooms, rooms_per_second, faults, fault_seconds, rolling } = options;
  const ledger = new Ledger((breach) => print(`BREACH ${breach}`));
  print(`seed ${seed}; repeat: ${repeatCommand(options)}`);
  const run = await startRun(
    {
      minutes,
      seed,
      tasks,
      standing_rooms,
      rooms_per_second,
      faults,
      fault_seconds,
      rolling,
      env: stackEnv(options),
      // Members of a room that is not sealed have no second chance: what it promises is another thing.
      sealed_share: 0.75,
      // A rolling replacement is about messages; so many poses of so many clients would be about this machine.
      poses_per_second: rolling ? 2 : 10,
      longest_stay_ms: 40_000,
      lossy: !rolling,
      router_share: 1,
      spare_first: false,
      proxies: true,
      tamper: tampering(options.prove, standing_rooms),
    },
    ledger,
    { print },
  );

  let machine: Machine | undefined;
  return {
    ledger,

    async run() {
      const saying = new AbortController();
      const said = regularly(SAY_MS, saying.signal, () => print(progress(ledger)));
      const machineAfterwards = watchMachine(ledger.stalls);
      await run.underLoad();
      machine = machineAfterwards();
      saying.abort();
      await said;
      print(progress(ledger));
      const leaked = options.prove === 'leaked';
      await run.rest(leaked ? () => leakRoom(run.stack.aws) : undefined);
      // What was put there on purpose takes a place.
      if (!leaked) for (const breach of await placeBreaches(run.stack)) ledger.breach(breach);
    },

    summary: () => summaryOf(options, ledger, machine),
    stop: () => run.stop(),
  };
}
