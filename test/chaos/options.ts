/** What chaos is told on the command line. */
import { parseArgs } from 'node:util';
import { Help } from '../../scripts/command-line.ts';
import { kinds, number } from '../support/load/arguments.ts';
import { FAULT_KINDS, type FaultKind } from '../support/load/ledger.ts';

/** What may be broken on purpose, to see that it is noticed. */
export const PROOFS = ['lost', 'doubled', 'leaked'] as const;
export type Proof = (typeof PROOFS)[number];

export interface ChaosOptions {
  /** How long there is load; what must be over by then takes its time on top. */
  minutes: number;
  /** Rooms and faults follow from it. When things happen depends on the machine, too. */
  seed: number;
  tasks: number;
  /** Rooms that stay from the beginning to the end. */
  standing_rooms: number;
  /** Others that begin in a second, and go. */
  rooms_per_second: number;
  /** Mean time between two faults, seconds. */
  fault_seconds: number;
  faults: readonly FaultKind[];
  /** One rolling replacement of all tasks is the only fault, and the end of it the end of the load. */
  rolling: boolean;
  prove: Proof | undefined;
  /** Where the JSON summary goes. */
  out: string | undefined;
  /** Settings of the stack, such as `{ LEASE: '5s' }`. */
  env: Readonly<Record<string, string>>;
}

const CHAOTIC = FAULT_KINDS.filter((kind) => kind !== 'roll');

export const USAGE = `npm run chaos -- [options]
  --minutes <n>           time under load (5); with --rolling, at most (10)
  --seed <n>              repeats the same rooms and faults (random)
  --tasks <n>             stream tasks (4)
  --standing <n>          rooms that stay from beginning to end (8; with --rolling 100)
  --rooms-per-second <n>  other rooms that begin in a second (0.5)
  --fault-seconds <n>     mean time between two faults; 0: none (8)
  --faults <kinds>        which ones, of ${FAULT_KINDS.join(',')} (all but roll)
  --rolling               replaces all tasks once, and does nothing else
  --prove <breach>        breaks something on purpose, to see it noticed: ${PROOFS.join(', ')}
  --out <file>            JSON summary
  --help                  this text
Settings of the stack, such as LEASE=30s, are read from the environment. LOAD_VERBOSE=1 prints what the stack prints.`;

/** Rooms that go are there for less than this, seconds. */
const STAY_S = 60;

/** What suits the load, unless the environment says otherwise. */
export function stackEnv(
  options: Pick<ChaosOptions, 'tasks' | 'env' | 'standing_rooms' | 'rooms_per_second'>,
): Record<string, string> {
  const { tasks, env, standing_rooms, rooms_per_second } = options;
  const max_rooms = Math.ceil(standing_rooms + STAY_S * rooms_per_second) + 20;
  return {
    MAX_ROOMS: String(max_rooms),
    // Half of the fleet has places for all.
    ROOM_CAPACITY: String(Math.ceil((2 * max_rooms) / tasks)),
    HEARTBEAT: '3s',
    LEASE: '10s',
    CONNECT_TIMEOUT: '15s',
    DRAIN_DEADLINE: '20s',
    ...env,
  };
}

function proof(text: string | undefined): Proof | undefined {
  if (text === undefined || PROOFS.includes(text as Proof)) return text as Proof | undefined;
  throw new TypeError(`--prove takes ${PROOFS.join(', ')}, not ${text}`);
}

/** Throws a `TypeError` with a sentence for people, or {@link Help}. */
export function chaosOptions(args: readonly string[], env: NodeJS.ProcessEnv): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      tasks: { type: 'string', default: '4' },
      standing: { type: 'string' },
      'rooms-per-second': { type: 'string', default: '0.5' },
      'fault-seconds': { type: 'string', default: '8' },
      faults: { type: 'string', default: CHAOTIC.join(',') },
      rolling: { type: 'boolean', default: false },
      prove: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Help(USAGE);
  const { rolling } = values;
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    minutes: number('minutes', values.minutes ?? (rolling ? '10' : '5'), 0.02),
    seed: number('seed', values.seed, 0),
    tasks: number('tasks', values.tasks, 2),
    standing_rooms: number('standing', values.standing ?? (rolling ? '100' : '8'), 0),
    rooms_per_second: number('rooms-per-second', values['rooms-per-second'], 0.05),
    fault_seconds: number('fault-seconds', values['fault-seconds'], 0),
    faults: rolling ? ['roll'] : kinds(values.faults),
    rolling,
    prove: proof(values.prove),
    out: values.out,
    env: Object.fromEntries(given),
  };
}

/** The command that makes the same plans again. */
export function repeatCommand(options: ChaosOptions): string {
  const { minutes, seed, tasks, standing_rooms, rooms_per_second, fault_seconds, faults } = options;
  return [
    'npm run chaos --',
    options.rolling ? '--rolling' : `--faults ${faults.join(',')} --fault-seconds ${fault_seconds}`,
    `--minutes ${minutes} --seed ${seed} --tasks ${tasks} --standing ${standing_rooms}`,
    `--rooms-per-second ${rooms_per_second}`,
    ...(options.prove === undefined ? [] : [`--prove ${options.prove}`]),
  ].join(' ');
}
