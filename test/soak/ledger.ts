/** What happened in a soak: counts, breaches, recoveries. */

/** A task gets SIGKILL, SIGTERM or, for some seconds, SIGSTOP; the router gets SIGKILL and is started again. */
export const FAULT_KINDS = ['kill', 'term', 'freeze', 'router'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault, from its beginning until the stack was whole again. Milliseconds since the Unix epoch. */
export interface Fault {
  kind: FaultKind;
  at: number;
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
  /** A client was told that it cannot enter, while a fault explains that. */
  'refused',
  /** A client was told that its seat is gone, or the room that it came to, after longer than a seat is kept. */
  'seats_gone',
  'frames_sent',
  'frames_heard',
  /** Frames that a broken connection or a dead task swallowed. */
  'frames_missing',
] as const;
export type Count = (typeof COUNTS)[number];

/** Breaches beyond this are counted, not kept. */
const MOST_BREACHES = 100;

export class Ledger {
  readonly counts = Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<Count, number>;
  readonly faults: Fault[] = [];
  /** Codes of refusals that a fault explains, and how many. */
  readonly refusals: Record<string, number> = {};
  readonly breaches: string[] = [];
  breaches_in_all = 0;
  /** Clients that are live now. */
  live = 0;
  /** Time from a fault until a client whom it broke off was live again, ms. */
  readonly recoveries: Record<FaultKind, number[]> = { kill: [], term: [], freeze: [], router: [] };
  readonly #began = Date.now();

  count(name: Count, by = 1): void {
    this.counts[name] += by;
  }

  /** Something that must not be. */
  breach(sentence: string): void {
    this.breaches_in_all++;
    if (this.breaches.length >= MOST_BREACHES) return;
    const seconds = ((Date.now() - this.#began) / 1_000).toFixed(1);
    this.breaches.push(`${seconds} s: ${sentence}`);
  }

  /** A fault begins; call what is returned when the stack is whole again. */
  fault(kind: FaultKind): { at: number; over: () => void } {
    const fault: Fault = { kind, at: Date.now(), until: Infinity };
    this.faults.push(fault);
    return {
      at: fault.at,
      over() {
        fault.until = Date.now();
      },
    };
  }

  /** Whether a fault of one of these kinds was under way at some time from `since` until now. */
  underFault(kinds: readonly FaultKind[], since: number): boolean {
    return this.faults.some(({ kind, until }) => kinds.includes(kind) && until >= since);
  }

  recovered(kind: FaultKind, ms: number): void {
    this.recoveries[kind].push(ms);
  }
}

/** The `share` quantile (nearest rank) of `values`; undefined of none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
