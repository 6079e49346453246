/** How long the seat of a client that is not connected is kept. */
import { CLOCK_SKEW_MS } from '../shared/domain/liveness.ts';
import type { Seat } from './seats.ts';
import type { Timing } from './timing.ts';

export interface SeatTimes {
  /** ms */
  connect_timeout: number;
  /** ms */
  resume_grace: number;
  timing: Pick<Timing, 'stall' | 'router_call'>;
}

/** Keeps a waiting seat until its `connect_by`, then calls `expired`. A seat whose client is connected has no timer. */
export function keepWaiting(seat: Seat, times: SeatTimes, expired: () => void): void {
  const { connect_timeout, resume_grace } = times;
  const wait = seat.connect_by - Date.now();
  // `connect_by` is of the router's clock: however wrong that is, no seat stays for ever.
  const longest = Math.max(connect_timeout, resume_grace) + CLOCK_SKEW_MS;
  arm(seat, Math.min(Math.max(wait, 0), longest), times.timing, expired);
}

function arm(seat: Seat, ms: number, timing: SeatTimes['timing'], expired: () => void): void {
  if (seat.presence.kind !== 'waiting') return;
  clearTimeout(seat.presence.timer);
  const due = performance.now() + ms;
  const timer = setTimeout(() => {
    const late = performance.now() - due;
    // The process stood still: whoever came meanwhile still waits at the door, and the room may be another task's by now.
    // So first they are let in, and the router has its say.
    if (late >= timing.stall) arm(seat, timing.router_call, timing, expired);
    else expired();
  }, ms);
  seat.presence = { kind: 'waiting', timer };
}
