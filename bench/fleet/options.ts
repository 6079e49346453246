/** What the simulator is told on the command line. */
import { Help } from '../../scripts/command-line.ts';
import { parseArgs } from 'node:util';
import { fleetSettings, marginFault } from '../../shared/config/fleet-settings.ts';
import { sharedSettings, taskSettings } from '../../shared/config/settings.ts';
import type { Margin, Setting } from '../../shared/config/read.ts';
import { DAYS, HOUR } from './day.ts';
import type { FleetSetup } from './setup.ts';

export interface FleetBenchOptions {
  /** All but the seed. */
  setup: Omit<FleetSetup, 'seed'>;
  rooms: number;
  /** Days of these seeds are put together. */
  seeds: readonly number[];
  /** Margins against cost, in place of one day. */
  frontier: boolean;
  /** Where the picture of that is written. */
  chart: string | undefined;
  json: boolean;
}

export const USAGE = `npm run bench:fleet -- [options]
  --day <name>          ${DAYS.map(({ name }) => name).join(' or ')} (${DAYS[0]!.name})
  --rooms <n>           rooms that are asked for in the day (1000000; 100000 with --kind render)
  --kind <kind>         relay: tasks start in 30 to 70 s; render: in 2 to 6 minutes (relay)
  --capacity <n>        rooms of a task (${sharedSettings.ROOM_CAPACITY.fallback}; 1 with --kind render)
  --min-tasks <n>       tasks at least (1)
  --tasks <n>           tasks at most (10000)
  --upscale <margin>    UPSCALE_MARGIN (${shown(fleetSettings.UPSCALE_MARGIN)})
  --downscale <margin>  DOWNSCALE_MARGIN (${shown(fleetSettings.DOWNSCALE_MARGIN)})
  --standby <time>      STANDBY_LIMIT (${shown(fleetSettings.STANDBY_LIMIT)})
  --placement <name>    spread or packed (spread)
  --failures <percent>  launches that fail for want of a machine, besides what the day has (1)
  --life <hours>        how long a task lives on average until it dies (1000)
  --seed <n>            repeats the same day (1)
  --seeds <n>           so many days, of the seeds from there on, put together (1; 3 with --frontier)
  --frontier            margins against cost: --upscale's part from 0 to 20 %, --downscale above it by one task's places
  --chart <file>        a picture of that, SVG
  --json                the results as JSON on the standard output
  --help                this text`;

/** Launches of Fargate that end in a task which never registers: out of a thousand two. */
const STUCK_STARTS = 0.002;

function shown(setting: Setting<unknown>): string {
  return setting.shown ?? String(setting.fallback);
}

/** `text` as the setting reads it, else its default. */
function settingOf<T>(name: string, setting: Setting<T>, text: string | undefined): T {
  if (text === undefined) return setting.fallback!;
  try {
    return setting.read(text);
  } catch (error) {
    throw new TypeError(`--${name} ${(error as Error).message}, not ${text}`, { cause: error });
  }
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new TypeError(`--${name} takes a number from ${least} to ${most}, not ${text}`);
  }
  return value;
}

function wholeOf(name: string, text: string, least: number, most: number): number {
  const value = numberOf(name, text, least, most);
  if (!Number.isInteger(value)) throw new TypeError(`--${name} takes a whole number, not ${text}`);
  return value;
}

function choiceOf<const T extends string>(name: string, text: string, words: readonly T[]): T {
  const word = words.find((word) => word === text);
  if (word === undefined) throw new TypeError(`--${name} takes ${words.join(' or ')}, not ${text}`);
  return word;
}

interface Bounds {
  min_tasks: number;
  max_tasks: number;
  upscale: Margin;
  downscale: Margin;
  room_capacity: number;
}

/** As the router refuses them. */
function checkBounds(bounds: Bounds): void {
  const faults = [
    bounds.min_tasks > bounds.max_tasks ? 'MIN_TASKS must be at most MAX_TASKS' : undefined,
    marginFault('', bounds),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) throw new TypeError(faults.join('\n'));
}

/** Throws a `TypeError` with a sentence for people, or {@link Help}. */
export function fleetBenchOptions(args: readonly string[]): FleetBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      day: { type: 'string', default: DAYS[0]!.name },
      rooms: { type: 'string' },
      kind: { type: 'string', default: 'relay' },
      capacity: { type: 'string' },
      'min-tasks': { type: 'string', default: '1' },
      tasks: { type: 'string', default: '10000' },
      upscale: { type: 'string' },
      downscale: { type: 'string' },
      standby: { type: 'string' },
      placement: { type: 'string', default: 'spread' },
      failures: { type: 'string', default: '1' },
      life: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string' },
      frontier: { type: 'boolean', default: false },
      chart: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Help(USAGE);
  const { frontier, json, chart } = values;
  if (chart === '') throw new TypeError('--chart takes the name of a file');
  if (chart !== undefined && !frontier) throw new TypeError('--chart goes with --frontier');
  const kind = choiceOf('kind', values.kind, ['relay', 'render']);
  const render = kind === 'render';
  const capacity = values.capacity ?? (render ? '1' : String(sharedSettings.ROOM_CAPACITY.fallback));
  const seed = wholeOf('seed', values.seed, 0, 2 ** 31);
  const seeds = wholeOf('seeds', values.seeds ?? (frontier ? '3' : '1'), 1, 100);
  const name = choiceOf(
    'day',
    values.day,
    DAYS.map(({ name }) => name),
  );
  const bounds = {
    min_tasks: wholeOf('min-tasks', values['min-tasks'], 0, 10_000),
    max_tasks: wholeOf('tasks', values.tasks, 1, 10_000),
    upscale: settingOf('upscale', fleetSettings.UPSCALE_MARGIN, values.upscale),
    downscale: settingOf('downscale', fleetSettings.DOWNSCALE_MARGIN, values.downscale),
    room_capacity: wholeOf('capacity', capacity, 1, 10_000),
  };
  checkBounds(bounds);
  return {
    setup: {
      day: DAYS.find((day) => day.name === name)!,
      kind,
      policy: {
        ...bounds,
        start_limit: fleetSettings.START_LIMIT.fallback!,
        // No version is replaced in the simulated day.
        trial: 0,
        standby_limit: settingOf('standby', fleetSettings.STANDBY_LIMIT, values.standby),
      },
      placement: choiceOf('placement', values.placement, ['spread', 'packed']),
      pending_limit: fleetSettings.PENDING_LIMIT.fallback!,
      drain_deadline: taskSettings.DRAIN_DEADLINE.fallback!,
      launch_failures: numberOf('failures', values.failures, 0, 100) / 100,
      stuck_starts: STUCK_STARTS,
      life: numberOf('life', values.life, 1, 1_000_000) * HOUR,
    },
    rooms: wholeOf('rooms', values.rooms ?? (render ? '100000' : '1000000'), 1, 2_000_000),
    seeds: Array.from({ length: seeds }, (_, i) => seed + i),
    frontier,
    chart,
    json,
  };
}
