/** What is to be done to the stack and when, as it follows from a seed. */
import type { Random } from '../../../shared/ports/random.ts';
import type { FaultKind } from './ledger.ts';

export interface PlannedFault {
  kind: FaultKind;
  /** From the beginning of the load, ms. It waits longer where the fleet is not whole enough. */
  at_ms: number;
  /** Which of the tasks that may be hit, in [0, 1). */
  victim: number;
  /** How long it lasts, ms; 0 for what is over at once, or when the stack is whole again. */
  for_ms: number;
  /** Of `slow`: ms that each byte takes longer. Of `throttle`: share of the requests. */
  value: number;
}

/** How often each kind is drawn. A `roll` only where it is asked for: it takes its time. */
const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  kill: 8,
  term: 6,
  pause: 3,
  freeze: 3,
  cut: 3,
  reset: 2,
  router: 3,
  slow: 2,
  throttle: 2,
  away: 2,
  roll: 1,
};

/** Clients notice a task that stands still after 12 s; a lease runs out after its own time. */
const PATIENCE_MS = 12_000;

type Span = readonly [least_ms: number, most_ms: number];

function spanOf(kind: FaultKind, lease_ms: number): Span {
  const spans: Partial<Record<FaultKind, Span>> = {
    pause: [1_000, Math.min(PATIENCE_MS, lease_ms) * 0.6],
    freeze: [Math.max(PATIENCE_MS, lease_ms) + 2_000, Math.max(PATIENCE_MS, lease_ms) + 8_000],
    cut: [2_000, lease_ms + 6_000],
    // The router is away for this long and the time that it takes to start.
    router: [0, 2_000],
    slow: [4_000, 10_000],
    throttle: [4_000, 10_000],
    // Shorter than a seat is kept.
    away: [2_000, 8_000],
  };
  return spans[kind] ?? [0, 0];
}

function valueOf(kind: FaultKind, part: number): number {
  if (kind === 'slow') return Math.round(50 + part * 450);
  return kind === 'throttle' ? Math.round((0.2 + part * 0.6) * 100) / 100 : 0;
}

export interface ScheduleOptions {
  kinds: readonly FaultKind[];
  /** How long there is load, and mean time between two faults, ms; 0: no faults. */
  load_ms: number;
  mean_ms: number;
  lease_ms: number;
  /** Until when the router may be killed, ms from the beginning; later its memory is watched. */
  router_until_ms: number;
}

/** Each kind is drawn about as often as its weight says, and once before any comes the second time. */
export function planFaults(random: Random, options: ScheduleOptions): PlannedFault[] {
  const { kinds, load_ms, mean_ms, lease_ms, router_until_ms } = options;
  const planned: PlannedFault[] = [];
  if (mean_ms <= 0) return planned;
  let fresh = [...kinds];
  for (let at = mean_ms / 2; ; at += mean_ms * (0.5 + random.fraction())) {
    if (at >= load_ms) return planned;
    const open = (from: readonly FaultKind[]) =>
      from.filter((kind) => kind !== 'router' || at < router_until_ms);
    const from = open(fresh).length > 0 ? open(fresh) : open(kinds);
    const tickets = from.flatMap((kind) => Array.from({ length: WEIGHTS[kind] }, () => kind));
    const [ticket, victim, long, value] = Array.from({ length: 4 }, () => random.fraction());
    const kind = tickets[Math.floor(ticket! * tickets.length)];
    if (kind === undefined) continue;
    fresh = fresh.filter((other) => other !== kind);
    const [least, most] = spanOf(kind, lease_ms);
    planned.push({
      kind,
      at_ms: Math.round(at),
      victim: victim!,
      for_ms: Math.round(least + long! * (most - least)),
      value: valueOf(kind, value!),
    });
  }
}
