/** A stack under load and faults, from its start until it is at rest again. What must hold throughout goes to the ledger. */
import { setTimeout as sleep } from 'node:timers/promises';
import { itemBreaches } from '../dynamodb-items.ts';
import { seededRandom } from '../random.ts';
import { startFaults } from './faults.ts';
import type { FaultKind, Ledger } from './ledger.ts';
import { type Load, lossyFetch, startLoad } from './load.ts';
import { planFaults, type PlannedFault } from './schedule.ts';
import { heldBreaches, restBreaches, settle } from './settle.ts';
import { type LoadStack, type LoadStackOptions, startLoadStack } from './stack.ts';
import { LastingBreaches, limitBreaches } from './tables.ts';

/** The tables are looked at this often, and what is amiss is told after so many looks. */
const LOOK_MS = 1_500;
const LOOKS = 4;
/** After the last fault, so that it is seen what comes of it. */
const AFTERMATH_MS = 1_000;

export interface RunOptions {
  minutes: number;
  seed: number;
  tasks: number;
  env: Readonly<Record<string, string>>;
  standing_rooms: number;
  rooms_per_second: number;
  sealed_share: number;
  poses_per_second: number;
  /** How long a client of a room that goes stays at most, ms. In a short run it is less. */
  longest_stay_ms: number;
  /** A part of the router's answers is lost on their way. */
  lossy: boolean;
  faults: readonly FaultKind[];
  fault_seconds: number;
  /** Part of the time in which the router may be killed. */
  router_share: number;
  /** The first task is never ended. */
  spare_first: boolean;
  /** The tasks are replaced once, and nothing else is done: the load ends with that. */
  rolling: boolean;
  proxies: boolean;
  /** What a client is made to hear of a message, in a run that is to fail. */
  tamper: ((text: string, sealed: boolean) => string[]) | undefined;
}

export interface Run {
  readonly stack: LoadStack;
  readonly load_ms: number;
  /** Rooms and faults until the time is up; then everybody leaves. `ending`: called before anybody does. */
  underLoad(ending?: () => Promise<void>): Promise<void>;
  /** Lets everything expire that nobody uses any more, sweeps once, and looks at what is left. */
  rest(before_looking?: () => Promise<void>): Promise<void>;
  /** Ends every process, and looks whether one is left. */
  stop(): Promise<void>;
}

/** Calls `look` each `ms` until the signal says so. */
export async function regularly(
  ms: number,
  signal: AbortSignal,
  look: () => Promise<void> | void,
): Promise<void> {
  for (;;) {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    await look();
  }
}

const DATABASE_FAULTS = ['slow', 'throttle', 'away'] as const;
/** A function that began while the database was disturbed may say so until then. */
const DATABASE_TOLD_MS = 15_000;

export async function startRun(
  options: RunOptions,
  ledger: Ledger,
  { print, onLine }: Pick<LoadStackOptions, 'print' | 'onLine'>,
): Promise<Run> {
  const { seed, tasks, rolling, standing_rooms, rooms_per_second, sealed_share, poses_per_second } = options;
  const random = seededRandom(seed);
  const breach = (sentence: string): void => ledger.breach(sentence);
  const stack = await startLoadStack({
    tasks,
    env: options.env,
    proxies: options.proxies,
    print,
    breach,
    databaseDisturbed: () => ledger.underFault(DATABASE_FAULTS, Date.now() - DATABASE_TOLD_MS),
    ...(onLine && { onLine }),
  });
  const load_ms = options.minutes * 60_000;
  const say = (what: string): void => print(`${ledger.clock(Date.now())}: ${what}`);
  const lasting = new LastingBreaches(LOOKS);

  async function lookAtTables(): Promise<void> {
    const [task_items, room_items] = await stack.items();
    for (const found of limitBreaches(room_items, stack.max_rooms)) breach(found);
    for (const found of lasting.look(itemBreaches(task_items, room_items))) breach(`for long now: ${found}`);
  }

  function plan(): PlannedFault[] {
    if (rolling) return [{ kind: 'roll', at_ms: 0, victim: 0, for_ms: 0, value: 0 }];
    return planFaults(seededRandom(seed + 1), {
      kinds: options.faults,
      load_ms,
      mean_ms: options.fault_seconds * 1_000,
      lease_ms: stack.lease_ms,
      router_until_ms: load_ms * options.router_share,
    });
  }

  async function disturb(load: Load): Promise<void> {
    await load.standing;
    if (standing_rooms > 0) say('the rooms that stay are full');
    const faults = startFaults({
      planned: plan(),
      tasks,
      victims: stack,
      ledger,
      members: load.members,
      spare_first: options.spare_first,
      print: say,
    });
    await (rolling ? Promise.race([faults.done, sleep(load_ms)]) : sleep(load_ms));
    await faults.end();
    await sleep(AFTERMATH_MS);
    for (const found of await load.amiss()) breach(`when all was calm again: ${found}`);
  }

  return {
    stack,
    load_ms,

    async underLoad(ending) {
      ledger.begin();
      const looking = new AbortController();
      const load = startLoad({
        seed,
        rooms_per_second,
        standing_rooms,
        sealed_share,
        poses_per_second,
        longest_stay_ms: Math.min(options.longest_stay_ms, load_ms / 2),
        world: {
          router: stack.url,
          fetch: options.lossy ? lossyFetch(random, ledger) : fetch,
          random,
          ledger,
          connect_timeout_ms: stack.connect_timeout_ms,
          resume_grace_ms: stack.resume_grace_ms,
          tamper: options.tamper,
        },
      });
      const looks = regularly(LOOK_MS, looking.signal, lookAtTables);
      await disturb(load);
      await ending?.();
      await load.end();
      looking.abort();
      await looks;
      say('everybody has left');
    },

    async rest(before_looking) {
      await settle(stack, ledger, print);
      await before_looking?.();
      if (ledger.live !== 0) breach(`${ledger.live} clients are still live`);
      for (const found of await restBreaches(stack)) breach(found);
      for (const found of await heldBreaches(stack)) breach(found);
    },

    async stop() {
      const left = await stack.stop();
      if (left.length > 0) breach(`processes were left over: ${left.join(', ')}`);
    },
  };
}
