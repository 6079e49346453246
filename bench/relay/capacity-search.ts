/** How many rooms a server carries: which number of them is tried next, and what was found. */
import { GENERATOR_LIMIT, KEEPS_UP } from './rows.ts';

export const P99_LIMIT_US = 50_000;

/** What a number of rooms is carried within. */
export interface Rule {
  /** Share of its core that a server may use. Infinity: as much as there is. */
  cpu_limit: number;
  /** Rooms that are tried first, and at most. */
  first: number;
  most: number;
}

/** Nearer to the CPU limit, as a share of it, it need not come. */
const ENOUGH = 0.94;
/** What is aimed at, to be neither under that nor over the limit. */
const AIM = 0.97;
/** Nor nearer to a number of rooms that was too many. */
const NEAR = 0.06;
/** With few rooms each delivery costs more than with many: the first tries say little. */
const MOST_GROWTH = 2;
const MOST_STEPS = 7;
/** Where something waited for a core for so much of a run, other work has to do with how it went. */
export const DISTURBED = 0.25;

/** `busy`: over the CPU limit. `late`: over that of p99. `generator`: one of the last two,
 * when it had no time left itself. `disturbed`: one of those, when other work had the cores. */
export type Ending = 'carried' | 'busy' | 'late' | 'behind' | 'generator' | 'disturbed' | 'failed';

/** A number of rooms that was tried. */
export interface Step {
  rooms: number;
  /** Share of its core that the server used. */
  cpu: number;
  ending: Ending;
}

/** What a run has to say about its number of rooms. */
export interface Observed {
  cpu: number;
  p99_us: number;
  deliveries_per_s: number;
  offered_per_s: number;
  generator_utilisation: number;
  /** Share of the run in which something was ready to run and had no core. */
  waiting: number;
}

/** Whether the server carries that. A generator that has no time left is late itself, and sends too little. */
export function endingOf(
  observed: Observed,
  { cpu_limit }: Pick<Rule, 'cpu_limit'>,
): Exclude<Ending, 'failed'> {
  if (observed.cpu > cpu_limit) return 'busy';
  const behind = observed.deliveries_per_s < KEEPS_UP * observed.offered_per_s;
  if (!behind && observed.p99_us <= P99_LIMIT_US) return 'carried';
  if (observed.waiting >= DISTURBED) return 'disturbed';
  if (observed.generator_utilisation >= GENERATOR_LIMIT) return 'generator';
  return behind ? 'behind' : 'late';
}

/** The step with the most rooms that were carried. */
export function bestOf<S extends Step>(steps: readonly S[]): S | undefined {
  return steps
    .filter(({ ending }) => ending === 'carried')
    .reduce<S | undefined>((best, step) => (step.rooms > (best?.rooms ?? 0) ? step : best), undefined);
}

/** The step with the fewest rooms that were too many. What was carried has the last word. */
function boundOf(steps: readonly Step[]): Step | undefined {
  const carried = bestOf(steps)?.rooms ?? 0;
  return steps
    .filter(({ rooms, ending }) => ending !== 'carried' && rooms > carried)
    .reduce<Step | undefined>(
      (least, step) => (step.rooms < (least?.rooms ?? Infinity) ? step : least),
      undefined,
    );
}

/** What other work has spoiled is tried once more. */
function wasSpoiled(steps: readonly Step[]): boolean {
  const last = steps.at(-1)!;
  return last.ending === 'disturbed' && steps.filter(({ rooms }) => rooms === last.rooms).length === 1;
}

/** The number of rooms to try after `steps`. Undefined: no more is to be found. */
export function nextRooms(steps: readonly Step[], { cpu_limit, first, most }: Rule): number | undefined {
  if (steps.length === 0) return first;
  if (steps.length >= MOST_STEPS) return undefined;
  if (wasSpoiled(steps)) return steps.at(-1)!.rooms;
  const [carried, bound] = [bestOf(steps), boundOf(steps)];
  if (carried === undefined) return bound!.rooms === 1 ? undefined : Math.floor(bound!.rooms / 2);
  if (carried.cpu >= ENOUGH * cpu_limit) return undefined;

  const least = carried.rooms + 1;
  const aimed = Math.max(least, Math.round((carried.rooms * AIM * cpu_limit) / Math.max(carried.cpu, 0.01)));
  if (bound === undefined) {
    const next = Math.min(aimed, carried.rooms * MOST_GROWTH, most);
    return next < least ? undefined : next;
  }
  if (bound.rooms - carried.rooms <= Math.max(1, NEAR * carried.rooms)) return undefined;
  return aimed < bound.rooms ? aimed : Math.floor((carried.rooms + bound.rooms) / 2);
}

/** What keeps a server from more rooms: its CPU, or how the next number of rooms ended; `tries` if that was not found. */
export type Limit = 'cpu' | Exclude<Ending, 'carried' | 'busy'> | 'tries';

/** Whether a limit says nothing of the server. */
export const isForeign = (limit: Limit): boolean => limit === 'generator' || limit === 'disturbed';

/** The limit that `steps` came to. */
export function limitOf(steps: readonly Step[], { cpu_limit }: Pick<Rule, 'cpu_limit'>): Limit {
  const ending = boundOf(steps)?.ending;
  if ((bestOf(steps)?.cpu ?? 0) >= ENOUGH * cpu_limit || ending === 'busy') return 'cpu';
  return ending === undefined || ending === 'carried' ? 'tries' : ending;
}

/** How many rooms take `cpu_limit`, if each further one takes as much as those of a step do. */
export function roomsAtLimit(
  { rooms, cpu }: Pick<Step, 'rooms' | 'cpu'>,
  { cpu_limit }: Pick<Rule, 'cpu_limit'>,
): number {
  return Math.floor((rooms * cpu_limit) / cpu);
}
