/** Faults at random intervals, as they follow from the seed: tasks killed, stopped or frozen, the router killed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningTask } from '../../dev/fleet.ts';
import type { Random } from '../../shared/ports/random.ts';
import type { FaultKind, Ledger } from './ledger.ts';
import type { Member } from './member.ts';

/** As `npm run fault` calls them; SIGKILL, SIGTERM, SIGSTOP, SIGCONT, and the router's start after a kill. */
export type Disturbance = 'kill' | 'stop' | 'freeze' | 'thaw' | 'start';

/** What may be done to the stack. */
export interface Victims {
  tasks(): readonly RunningTask[];
  /** `ws://host:port` of each task that is registered, by its id. */
  addresses(): Promise<ReadonlyMap<string, string>>;
  /** Does to the router or to a task (its id) what `npm run fault` does. Rejects where that has ended by itself. */
  disturb(target: string, mode: Disturbance): Promise<void>;
}

export interface KillOptions {
  random: Random;
  mean_seconds: number;
  kinds: readonly FaultKind[];
  /** How many tasks the fleet has when it is whole. */
  tasks: number;
  victims: Victims;
  ledger: Ledger;
  members: ReadonlySet<Member>;
  /** Until when the router may be killed, ms since the Unix epoch; later its memory is watched. */
  router_until: number;
}

export interface Kills {
  /** This task is only ever frozen: its memory is watched for the whole time. */
  readonly spared: string;
  /** No fault begins any more; resolves when the last is over. */
  end(): Promise<void>;
}

/** A frozen task goes on after 2 to 22 s: before and after its clients notice, which takes 12 s. */
const FREEZE_MS = { least: 2_000, spread: 20_000 };
/** The router is away for this long at most, and the time that it takes to start. */
const ROUTER_AWAY_MS = 2_000;
/** A SIGTERM or SIGKILL is over when the fleet is whole again; waited for this long at most. */
const WHOLE_WITHIN_MS = 120_000;
const LOOK_MS = 250;

/** How often each kind is drawn. */
const WEIGHTS: Readonly<Record<FaultKind, number>> = { kill: 8, term: 5, freeze: 4, router: 3 };

function draw(random: Random, kinds: readonly FaultKind[]): FaultKind {
  const tickets = kinds.flatMap((kind) => Array.from({ length: WEIGHTS[kind] }, () => kind));
  return tickets[random.integer(tickets.length)]!;
}

export function startKills(options: KillOptions): Kills {
  const { random, mean_seconds, victims, ledger, members } = options;
  const ending = new AbortController();
  /** Tasks that a fault is under way at, from when they were drawn: no second one may come in between. */
  const hit = new Set<string>();
  const under_way = new Set<Promise<void>>();
  const spared = victims.tasks()[0]!.task_id;

  const pause = (ms: number) => sleep(ms, undefined, { signal: ending.signal }).catch(() => undefined);

  /** The fault begins, and whoever speaks to the task just now is marked by it. */
  async function strike(kind: Exclude<FaultKind, 'router'>, task_id: string): Promise<() => void> {
    const address = (await victims.addresses()).get(task_id);
    const { at, over } = ledger.fault(kind);
    for (const member of members) if (member.url === address) member.struck(kind, at);
    await victims.disturb(task_id, kind === 'term' ? 'stop' : kind);
    return over;
  }

  async function wholeAgain(task_id: string): Promise<void> {
    const until = Date.now() + WHOLE_WITHIN_MS;
    for (;;) {
      const ids = victims.tasks().map((task) => task.task_id);
      const registered = await victims.addresses();
      if (!ids.includes(task_id) && ids.length >= options.tasks && ids.every((id) => registered.has(id)))
        return;
      if (Date.now() > until) {
        ledger.breach(`the fleet was not whole again ${WHOLE_WITHIN_MS / 1_000} s after a task had ended`);
        return;
      }
      await sleep(LOOK_MS);
    }
  }

  async function hitTask(kind: 'kill' | 'term' | 'freeze'): Promise<void> {
    const healthy = victims.tasks().filter(({ task_id }) => !hit.has(task_id));
    const open = kind === 'freeze' ? healthy : healthy.filter(({ task_id }) => task_id !== spared);
    const task = open[random.integer(Math.max(1, open.length))];
    const pause_ms = FREEZE_MS.least + random.fraction() * FREEZE_MS.spread;
    // Half of the fleet stays whole: with less there is nowhere to go.
    if (task === undefined || healthy.length - 1 < options.tasks / 2) return;
    const { task_id } = task;
    hit.add(task_id);
    try {
      const over = await strike(kind, task_id);
      if (kind === 'freeze') {
        await pause(pause_ms);
        await victims.disturb(task_id, 'thaw');
      } else {
        await wholeAgain(task_id);
      }
      over();
    } finally {
      hit.delete(task_id);
    }
  }

  async function hitRouter(): Promise<void> {
    if (Date.now() > options.router_until) return;
    const fault = ledger.fault('router');
    await victims.disturb('router', 'kill');
    await sleep(random.fraction() * ROUTER_AWAY_MS);
    await victims.disturb('router', 'start');
    fault.over();
  }

  async function run(): Promise<void> {
    for (;;) {
      await pause(mean_seconds * 1_000 * (0.5 + random.fraction()));
      if (ending.signal.aborted) return;
      const kind = draw(random, options.kinds);
      const fault = (kind === 'router' ? hitRouter() : hitTask(kind)).catch((error: unknown) => {
        ledger.breach(`a fault (${kind}) could not be made: ${String(error)}`);
      });
      under_way.add(fault);
      void fault.then(() => under_way.delete(fault));
    }
  }
  const running = mean_seconds > 0 ? run() : Promise.resolve();

  return {
    spared,
    async end() {
      ending.abort();
      await running;
      await Promise.all(under_way);
    },
  };
}
