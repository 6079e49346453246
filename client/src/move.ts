/**
 * How a connection that is up gets to where its room has moved, as a pure function: `moveStep(move, event) → move and effects`.
 * Meanwhile it goes on as before, and if nothing comes of it that stays so: then the end of the connection begins an outage,
 * see machine.ts.
 */
import type { AnteroomError } from './errors.ts';
import { wantedDelay } from './reconnect.ts';
import { LONGEST_WAIT_MS } from './timings.ts';
import type { ReconnectPolicy } from './types.ts';

/** An attempt, 1, 2, …, to get there; `since`: when the first was made, ms since the Unix epoch. */
interface Attempt {
  readonly attempt: number;
  readonly since: number;
}

export type Move =
  /** The room has not moved, as far as we know, or we are where it is, or have given up to get there. */
  | { readonly at: 'rest' }
  /** A connection is being opened beside the other. */
  | ({ readonly at: 'opening' } & Attempt)
  /** It did not come about. */
  | ({ readonly at: 'waiting' } & Attempt)
  /** The router is asked where the room is. */
  | ({ readonly at: 'asking' } & Attempt);

export type MoveEvent =
  /** `url`: where to, if the relay knows. */
  | { readonly type: 'moved'; readonly url: string | undefined }
  | { readonly type: 'arrived' }
  /** The connection that was opened, or was there beside the other, is over. */
  | { readonly type: 'strayed' }
  | { readonly type: 'due' }
  | { readonly type: 'granted' }
  | { readonly type: 'refused'; readonly error: AnteroomError }
  /** The connection of before is over. */
  | { readonly type: 'over' };

export type MoveEffect =
  /** Open a connection beside the other: at `url`, or where the latest grant says. */
  | { readonly do: 'open'; readonly url: string | undefined }
  | { readonly do: 'ask' }
  | { readonly do: 'wait'; readonly ms: number }
  /** End the wait or the request under way. */
  | { readonly do: 'cancel' };

export interface MoveStep {
  readonly move: Move;
  readonly effects: readonly MoveEffect[];
}

export interface MoveContext {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly policy: ReconnectPolicy;
}

export const AT_REST: Move = { at: 'rest' };

/** Asks the router once the policy's delay is over; `least_ms`: and that which the router asked for. */
function retry({ attempt, since }: Attempt, { now, policy }: MoveContext, least_ms: number): MoveStep {
  const wanted = wantedDelay(policy, attempt, Math.max(0, now - since));
  if (wanted === null) return { move: AT_REST, effects: [] };
  const ms = Math.min(least_ms + wanted, LONGEST_WAIT_MS);
  return { move: { at: 'waiting', attempt: attempt + 1, since }, effects: [{ do: 'wait', ms }] };
}

/** What comes of the router's answer. */
function afterAnswer(
  move: Move & { at: 'asking' },
  event: MoveEvent & { type: 'granted' | 'refused' },
  context: MoveContext,
): MoveStep {
  if (event.type === 'granted') {
    return { move: { ...move, at: 'opening' }, effects: [{ do: 'open', url: undefined }] };
  }
  const { error } = event;
  // Whatever it is, the connection of before goes on for as long as it can.
  if (error.from_router && !error.retryable) return { move: AT_REST, effects: [] };
  return retry(move, context, error.retry_after_ms ?? 0);
}

/** What comes of `event` in `move`. Events that are late change nothing. */
export function moveStep(move: Move, event: MoveEvent, context: MoveContext): MoveStep {
  const first: Attempt = { attempt: 1, since: context.now };
  const is_busy = move.at === 'waiting' || move.at === 'asking';
  const cancel: MoveEffect[] = is_busy ? [{ do: 'cancel' }] : [];
  switch (event.type) {
    case 'moved':
      return event.url === undefined
        ? { move: { at: 'asking', ...first }, effects: [...cancel, { do: 'ask' }] }
        : { move: { at: 'opening', ...first }, effects: [...cancel, { do: 'open', url: event.url }] };
    case 'arrived':
    case 'over':
      return { move: AT_REST, effects: cancel };
    case 'strayed':
      // Another attempt is under way.
      if (is_busy) break;
      return retry(move.at === 'opening' ? move : first, context, 0);
    case 'due':
      if (move.at === 'waiting') return { move: { ...move, at: 'asking' }, effects: [{ do: 'ask' }] };
      break;
    case 'granted':
    case 'refused':
      if (move.at === 'asking') return afterAnswer(move, event, context);
      break;
  }
  return { move, effects: [] };
}
