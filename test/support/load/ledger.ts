/** What happened under load: counts, faults, breaches, recoveries. */
import { Stalls } from './stalls.ts';

/**
 * What is done to the stack. To a task: SIGKILL (`kill`), SIGTERM (`term`), SIGSTOP for less than its clients wait (`pause`)
 * and for longer than its lease (`freeze`), its way to the router cut (`cut`), its connections reset (`reset`). To DynamoDB:
 * `slow`, `throttle`, `away`. The router is killed and started again. `roll`: all tasks are replaced by a new revision.
 */
export const FAULT_KINDS = [
  'kill',
  'term',
  'pause',
  'freeze',
  'cut',
  'reset',
  'router',
  'slow',
  'throttle',
  'away',
  'roll',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** While one of these lasts, the router may be unable to answer. */
export const OUTAGES: readonly FaultKind[] = ['router', 'slow', 'throttle', 'away'];

/** A fault, from its beginning until the stack was whole again. Milliseconds since the Unix epoch. */
export interface Fault {
  kind: FaultKind;
  /** `task-3`, `router`, `dynamodb`, `fleet`. */
  target: string;
  at: number;
  /** From when it was in force; Infinity before. */
  in_force: number;
  until: number;
}

const COUNTS = [
  'rooms_planned',
  'rooms_created',
  'joins',
  'resumes',
  'leaves',
  'vanished',
  'ghosts',
  'aborted',
  'breaks',
  'reloads',
  'answers_lost',
  /** Somebody asked for a seat in a full room, and was told that it is full. */
  'turned_away',
  /** A create had to wait for a task to start. */
  'waited',
  /** A client was told that it cannot enter, while a fault explains that. */
  'refused',
  /** A client was told that its seat is gone, or the room that it came to, after longer than a seat is kept. */
  'seats_gone',
  'frames_sent',
  'frames_heard',
  /**
   * In a room that is not sealed somebody was told that messages of another may be lost (it left and came back), though neither
   * connection broke: the tasks that the room moved between, or their time for it, were lost.
   */
  'torn',
  /** Frames that a broken connection or a dead task swallowed. Never one of a sealed room whose sender's page lived on. */
  'frames_missing',
  'poses_sent',
  'poses_heard',
  /** Frames of sealed rooms that came before their key, or again. Nothing of them was shown. */
  'frames_unread',
] as const;
export type Count = (typeof COUNTS)[number];

/** Time that something took, ms. */
export interface Took {
  ms: number;
  /** No fault of the router or DynamoDB was in the way. */
  alone: boolean;
}

export interface Breach {
  /** ms since the Unix epoch. */
  at: number;
  sentence: string;
}

/** Breaches beyond this are counted, not kept. */
const MOST_BREACHES = 100;
/** Faults this long before a breach may have to do with it. */
const RELATED_MS = 30_000;

const none = (): Record<FaultKind, Took[]> =>
  Object.fromEntries(FAULT_KINDS.map((kind) => [kind, [] as Took[]])) as Record<FaultKind, Took[]>;

export class Ledger {
  readonly counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<Count, number>;
  readonly faults: Fault[] = [];
  /** Codes of refusals that a fault explains, and how many. */
  readonly refusals: Record<string, number> = {};
  readonly found: Breach[] = [];
  breaches_in_all = 0;
  /** Clients that are live now. */
  live = 0;
  /** Time from a fault until a client whom it hit had heard from everybody in its room again. */
  readonly recoveries = none();
  /** When the load itself stood still. */
  readonly stalls = new Stalls();
  /**
   * The longest that a client of a task which drained heard no pose of another, and that others heard none meanwhile, ms.
   * `hit_net`: that of the first, less what the load itself stood still. `disturbed`: of either, where another fault hit their
   * task, too.
   */
  readonly pose_gaps = {
    hit: [] as number[],
    hit_net: [] as number[],
    others: [] as number[],
    disturbed: [] as number[],
  };
  #began = Date.now();
  readonly #told: (breach: string) => void;

  /** `told`: hears each breach at once. */
  constructor(told: (breach: string) => void = () => undefined) {
    this.#told = told;
  }

  /** Times are told from now on. */
  begin(): void {
    this.#began = Date.now();
  }

  count(name: Count, by = 1): void {
    this.counts[name] += by;
  }

  /** Something that must not be. */
  breach(sentence: string): void {
    this.breaches_in_all++;
    if (this.found.length >= MOST_BREACHES) return;
    this.found.push({ at: Date.now(), sentence });
    this.#told(`${this.clock(Date.now())}: ${sentence}`);
  }

  /** The breaches that were kept, with when they were found. */
  get breaches(): string[] {
    return this.found.map(({ at, sentence }) => `${this.clock(at)}: ${sentence}`);
  }

  /** A time, ms since the Unix epoch, as seconds since the beginning. */
  clock(at: number): string {
    return `${((at - this.#began) / 1_000).toFixed(1)} s`;
  }

  /** A fault begins; call `over` of what is returned when the stack is whole again. */
  fault(kind: FaultKind, target: string): Fault & { over: () => void } {
    const fault = {
      kind,
      target,
      at: Date.now(),
      in_force: Infinity,
      until: Infinity,
      over: () => void (fault.until = Date.now()),
    };
    this.faults.push(fault);
    return fault;
  }

  /** Whether a fault of one of these kinds was under way at some time from `since` until now. */
  underFault(kinds: readonly FaultKind[], since: number): boolean {
    return this.faults.some(({ kind, until }) => kinds.includes(kind) && until >= since);
  }

  /** From when nothing has been amiss, ms since the Unix epoch; Infinity while something is. */
  calmSince(): number {
    return Math.max(0, ...this.faults.map(({ until }) => until));
  }

  recovered({ kind, at }: Fault): void {
    this.recoveries[kind].push({ ms: Date.now() - at, alone: !this.underFault(OUTAGES, at) });
  }

  faultCounts(): Partial<Record<FaultKind, number>> {
    const counts: Partial<Record<FaultKind, number>> = {};
    for (const { kind } of this.faults) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /** The faults that may have to do with what was found at `at`, a line each. */
  timeline(at: number): string[] {
    return this.faults
      .filter((fault) => fault.at <= at && fault.until >= at - RELATED_MS)
      .map(({ kind, target, at: from, until }) => {
        const to = until === Infinity ? 'not over' : `until ${this.clock(until)}`;
        return `${this.clock(from)}: ${kind} of ${target}, ${to}`;
      });
  }
}
