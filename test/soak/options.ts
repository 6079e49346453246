/** What a soak is told on the command line. */
import { parseArgs } from 'node:util';
import { Help } from '../../scripts/command-line.ts';
import { kinds, number } from '../support/load/arguments.ts';
import { FAULT_KINDS, type FaultKind } from '../support/load/ledger.ts';

export interface SoakOptions {
  /** How long there is load. Warm-up is part of it; settling comes on top. */
  minutes: number;
  /** Plans of rooms and of faults follow from it. When things happen depends on the machine, too. */
  seed: number;
  rooms_per_second: number;
  tasks: number;
  /** Mean time between two faults, seconds; 0: none. */
  fault_seconds: number;
  /** Which faults there may be. */
  faults: readonly FaultKind[];
  /** Where the JSON summary goes. */
  out: string | undefined;
  /** Settings of the stack, such as `{ LEASE: '5s' }`. */
  env: Readonly<Record<string, string>>;
}

/** What a task dies of, or stands still, and a router that is killed. */
const USUAL: readonly FaultKind[] = ['kill', 'term', 'pause', 'freeze', 'router'];

export const USAGE = `npm run soak -- [options]
  --minutes <n>           time under load (30)
  --seed <n>              repeats the same rooms and faults (random)
  --rooms-per-second <n>  rooms that begin in a second (1)
  --tasks <n>             stream tasks (4)
  --fault-seconds <n>     mean time between two faults; 0: none (20)
  --faults <kinds>        which ones, of ${FAULT_KINDS.join(',')} (${USUAL.join(',')})
  --out <file>            JSON summary
  --help                  this text
Settings of the stack, such as LEASE=30s, are read from the environment.`;

/** Throws a `TypeError` with a sentence for people, or {@link Help}. */
export function soakOptions(args: readonly string[], env: NodeJS.ProcessEnv): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      'rooms-per-second': { type: 'string', default: '1' },
      tasks: { type: 'string', default: '4' },
      'fault-seconds': { type: 'string', default: '20' },
      faults: { type: 'string', default: USUAL.join(',') },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Help(USAGE);
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    minutes: number('minutes', values.minutes, 0.05),
    seed: number('seed', values.seed, 0),
    rooms_per_second: number('rooms-per-second', values['rooms-per-second'], 0.1),
    tasks: number('tasks', values.tasks, 1),
    fault_seconds: number('fault-seconds', values['fault-seconds'], 0),
    faults: kinds(values.faults),
    out: values.out,
    env: Object.fromEntries(given),
  };
}

/** The command that makes the same plans again. */
export function repeatCommand(options: SoakOptions): string {
  const { minutes, seed, rooms_per_second, tasks, fault_seconds, faults } = options;
  return [
    'npm run soak --',
    `--minutes ${minutes} --seed ${seed} --rooms-per-second ${rooms_per_second}`,
    `--tasks ${tasks} --fault-seconds ${fault_seconds} --faults ${faults.join(',')}`,
  ].join(' ');
}
