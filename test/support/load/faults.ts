/** Does to the stack what was planned: one fault after another, several at a time where they leave half of the fleet whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningTask } from '../../../dev/fleet.ts';
import type { FaultKind, Ledger } from './ledger.ts';
import type { Member } from './member.ts';
import type { PlannedFault } from './schedule.ts';

/** As `npm run fault` calls them. */
export type Disturbance =
  | 'kill'
  | 'stop'
  | 'freeze'
  | 'thaw'
  | 'start'
  | 'cut'
  | 'reset'
  | 'refuse'
  | 'slow'
  | 'throttle'
  | 'deploy'
  | 'pass';

/** What may be done to the stack. */
export interface Victims {
  tasks(): readonly RunningTask[];
  /** `ws://host:port` of each task that is registered and takes rooms, by its id. */
  addresses(): Promise<ReadonlyMap<string, string>>;
  /** Does what `npm run fault` does. Rejects where a task has ended by itself. */
  disturb(target: string, mode: Disturbance, value?: number): Promise<void>;
}

export interface FaultOptions {
  planned: readonly PlannedFault[];
  /** How many tasks the fleet has when it is whole. */
  tasks: number;
  victims: Victims;
  ledger: Ledger;
  members: ReadonlySet<Member>;
  /** The first task is only ever paused, frozen or cut off: its memory is watched for the whole time. */
  spare_first: boolean;
  print?: (line: string) => void;
}

export interface Faults {
  /** Resolves when all that was planned is over. */
  readonly done: Promise<void>;
  /** No fault begins any more; resolves when the last is over. */
  end(): Promise<void>;
}

/** The fleet is whole again within this time after tasks have ended. */
const WHOLE_WITHIN_MS = 120_000;
/** Of a rolling replacement: for each task. */
const ROLLED_WITHIN_MS = 150_000;
const LOOK_MS = 250;

type TaskFault = 'kill' | 'term' | 'pause' | 'freeze' | 'cut' | 'reset';
const ENDS: readonly FaultKind[] = ['kill', 'term'];
/** Clients of the task notice. */
const FELT: readonly FaultKind[] = ['kill', 'pause', 'freeze', 'reset'];

export function startFaults(options: FaultOptions): Faults {
  const { victims, ledger, members, planned, print = () => undefined } = options;
  const ending = new AbortController();
  /** Tasks that a fault is under way at, from when they were drawn: no second one may come in between. */
  const hit = new Set<string>();
  /** Something is under way at the router, or at DynamoDB. */
  let control_hit = false;
  const under_way = new Set<Promise<void>>();
  const spared = options.spare_first ? victims.tasks()[0]?.task_id : undefined;

  const pause = (ms: number) =>
    sleep(Math.max(0, ms), undefined, { signal: ending.signal }).catch(() => undefined);
  const runs = (task_id: string): boolean => victims.tasks().some((task) => task.task_id === task_id);

  /** Like `disturb`, of a task that may have been ended meanwhile. */
  async function relieve(task_id: string, target: string, mode: Disturbance): Promise<void> {
    await victims.disturb(target, mode).catch((error: unknown) => {
      if (runs(task_id)) throw error;
    });
  }

  async function until(holds: () => Promise<boolean>, within_ms: number): Promise<boolean> {
    const deadline = Date.now() + within_ms;
    while (!(await holds())) {
      if (Date.now() > deadline) return false;
      await sleep(LOOK_MS);
    }
    return true;
  }

  /** As many tasks take rooms as there are to be, and those of `gone` have ended. */
  async function isWhole(gone: readonly string[]): Promise<boolean> {
    const ready = [...(await victims.addresses()).keys()].filter(runs);
    return ready.length >= options.tasks && !gone.some(runs);
  }

  async function wholeAgain(gone: readonly string[], within_ms = WHOLE_WITHIN_MS): Promise<void> {
    if (await until(() => isWhole(gone), within_ms)) return;
    ledger.breach(`the fleet was not whole again ${within_ms / 1_000} s after tasks had ended`);
  }

  /** A task for the fault, or undefined while there is none: half of the fleet stays whole, with less there is nowhere to go. */
  async function drawTask({ kind, victim }: PlannedFault): Promise<RunningTask | undefined> {
    const ready = await victims.addresses();
    const healthy = victims.tasks().filter(({ task_id }) => ready.has(task_id) && !hit.has(task_id));
    if (healthy.length - 1 < options.tasks / 2) return undefined;
    const open = ENDS.includes(kind) ? healthy.filter(({ task_id }) => task_id !== spared) : healthy;
    return open[Math.floor(victim * open.length)];
  }

  /** Marks whoever speaks to the task, and makes the fault. */
  async function strike(kind: TaskFault, task: RunningTask): Promise<ReturnType<Ledger['fault']>> {
    const address = (await victims.addresses()).get(task.task_id);
    const fault = ledger.fault(kind, task.name);
    print(`${kind} of ${task.name}`);
    for (const member of members) {
      const here = member.url === address;
      if (here && FELT.includes(kind)) member.struck(fault);
      if (kind === 'term') member.watch.drains(fault, here);
    }
    const [target, mode] = (
      {
        kill: [task.task_id, 'kill'],
        term: [task.task_id, 'stop'],
        pause: [task.task_id, 'freeze'],
        freeze: [task.task_id, 'freeze'],
        cut: [`${task.task_id}/router`, 'cut'],
        reset: [task.task_id, 'reset'],
      } as const
    )[kind];
    await victims.disturb(target, mode);
    fault.in_force = Date.now();
    return fault;
  }

  async function hitTask(kind: TaskFault, task: RunningTask, for_ms: number): Promise<void> {
    const { task_id } = task;
    try {
      const fault = await strike(kind, task);
      if (ENDS.includes(kind)) await wholeAgain([task_id]);
      else await pause(for_ms);
      if (kind === 'pause' || kind === 'freeze') await relieve(task_id, task_id, 'thaw');
      if (kind === 'cut') await relieve(task_id, `${task_id}/router`, 'pass');
      fault.over();
      if (kind === 'term') for (const member of members) member.watch.poses.drained(fault);
      // One that was taken for dead may have been replaced, or is to come back yet.
      if (!ENDS.includes(kind)) await until(() => isWhole([]), WHOLE_WITHIN_MS);
    } finally {
      hit.delete(task_id);
    }
  }

  async function hitControl({ kind, for_ms, value }: PlannedFault): Promise<void> {
    const target = kind === 'router' ? 'router' : 'dynamodb';
    const fault = ledger.fault(kind, target);
    print(`${kind} of ${target}`);
    const mode = ({ router: 'kill', slow: 'slow', throttle: 'throttle', away: 'refuse' } as const)[
      kind as 'router' | 'slow' | 'throttle' | 'away'
    ];
    try {
      await victims.disturb(target, mode, kind === 'slow' || kind === 'throttle' ? value : undefined);
      fault.in_force = Date.now();
      await pause(for_ms);
      await victims.disturb(target, kind === 'router' ? 'start' : 'pass');
      fault.over();
    } finally {
      control_hit = false;
    }
  }

  /** A new revision: every task that runs now is replaced. */
  async function roll(): Promise<void> {
    const old = victims.tasks().map(({ task_id }) => task_id);
    for (const task_id of old) hit.add(task_id);
    try {
      const fault = ledger.fault('roll', 'fleet');
      print('roll of the fleet');
      await victims.disturb('ecs', 'deploy');
      fault.in_force = Date.now();
      await wholeAgain(old, ROLLED_WITHIN_MS * old.length);
      fault.over();
    } finally {
      for (const task_id of old) hit.delete(task_id);
    }
  }

  /** Begins the fault if it can begin now; resolves to what resolves when it is over. */
  async function begin(planned: PlannedFault): Promise<{ over: Promise<void> } | undefined> {
    const { kind, for_ms } = planned;
    switch (kind) {
      case 'router':
      case 'slow':
      case 'throttle':
      case 'away':
        if (control_hit) return undefined;
        control_hit = true;
        return { over: hitControl(planned) };
      case 'roll':
        return hit.size > 0 ? undefined : { over: roll() };
      default: {
        const task = await drawTask(planned);
        if (task === undefined) return undefined;
        hit.add(task.task_id);
        return { over: hitTask(kind, task, for_ms) };
      }
    }
  }

  async function run(): Promise<void> {
    const began = Date.now();
    for (const next of planned) {
      await pause(began + next.at_ms - Date.now());
      const deadline = Date.now() + WHOLE_WITHIN_MS;
      let begun: Awaited<ReturnType<typeof begin>>;
      while (!ending.signal.aborted && (begun = await begin(next)) === undefined) {
        if (Date.now() > deadline) {
          ledger.breach(
            `there was no whole task for a fault (${next.kind}) for ${WHOLE_WITHIN_MS / 1_000} s`,
          );
          return;
        }
        await pause(LOOK_MS);
      }
      if (begun === undefined) return;
      const over = begun.over.catch((error: unknown) => {
        ledger.breach(`a fault (${next.kind}) could not be made: ${String(error)}`);
      });
      under_way.add(over);
      void over.then(() => under_way.delete(over));
    }
  }
  const running = run();
  const done = running.then(async () => {
    while (under_way.size > 0) await Promise.all(under_way);
  });

  return {
    done,
    async end() {
      ending.abort();
      await done;
    },
  };
}
