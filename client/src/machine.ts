/**
 * The life of a connection as a pure function: `step(phase, event) → phase and effects`. Sockets, timers and requests
 * are the session's; what they mean is decided here.
 */
import { CLOSE, NORMAL_CLOSURE, reconnectAfter } from '../../shared/protocol/close-codes.ts';
import { AnteroomError } from './errors.ts';
import { wantedDelay } from './reconnect.ts';
import { LONGEST_WAIT_MS } from './timings.ts';
import type { CloseReason, ConnectionState, ReconnectPolicy } from './types.ts';

/** A connection that broke and is not back yet. */
export interface Outage {
  /** When it broke, ms since the Unix epoch. */
  readonly since: number;
  /** The attempt that is waited for or made: 1, 2, … */
  readonly attempt: number;
  /** What happened last, for people. */
  readonly cause: string;
  /** The one ticket refusal that is forgiven was had already. */
  readonly forgiven: boolean;
}

export type Phase =
  /** A socket is being opened and its welcome awaited. Without an outage it is the first of this room. */
  | { readonly at: 'opening'; readonly outage: Outage | undefined }
  /** The relay has let us in; keys are being agreed on. */
  | { readonly at: 'securing'; readonly outage: Outage | undefined }
  /** `attempts`: how many led here; they count on if the connection breaks again soon. */
  | { readonly at: 'live'; readonly since: number; readonly attempts: number }
  /** `not_before`: what the router asked for (`Retry-After`), ms since the Unix epoch. */
  | {
      readonly at: 'waiting';
      readonly outage: Outage;
      readonly retry_in_ms: number;
      readonly not_before: number;
    }
  /** The router is asked for a fresh endpoint. */
  | { readonly at: 'asking'; readonly outage: Outage }
  | { readonly at: 'closed'; readonly reason: CloseReason };

export type MachineEvent =
  | { readonly type: 'securing' }
  | { readonly type: 'welcome' }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string }
  | { readonly type: 'dead' }
  /** The room moved before the relay had let us in. (Later it is followed beside this, see move.ts.) */
  | { readonly type: 'moved' }
  /** As `closed`, but a connection is being opened already: the room has moved there. */
  | { readonly type: 'reopening'; readonly code: number; readonly reason: string }
  /** The wait before an attempt is over. */
  | { readonly type: 'due' }
  /** The network is back, or the page is seen again. */
  | { readonly type: 'woke' }
  /** The control channel told that there is news of the room. */
  | { readonly type: 'told' }
  | { readonly type: 'granted' }
  | { readonly type: 'refused'; readonly error: AnteroomError }
  /** There is no engine to connect with. */
  | { readonly type: 'broken'; readonly error: AnteroomError }
  | { readonly type: 'leave' };

export type Effect =
  /** Open a socket with the latest grant. */
  | { readonly do: 'open' }
  /** Ask the router for a fresh endpoint. */
  | { readonly do: 'ask' }
  | { readonly do: 'wait'; readonly ms: number }
  /** End the wait or the request under way. */
  | { readonly do: 'cancel' }
  /** End the socket; `leaving` gives the seat up, too. */
  | { readonly do: 'hang_up'; readonly leaving: boolean };

export interface Step {
  readonly phase: Phase;
  readonly effects: readonly Effect[];
}

export interface StepContext {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly policy: ReconnectPolicy;
  readonly stable_after_ms: number;
}

export const FIRST_PHASE: Phase = { at: 'opening', outage: undefined };

const stay = (phase: Phase): Step => ({ phase, effects: [] });
const close = (reason: CloseReason, effects: readonly Effect[] = []): Step => ({
  phase: { at: 'closed', reason },
  effects,
});

/** What ended for good with a close code after which nothing is tried again. */
function finalReason(code: number, reason: string): CloseReason {
  // 1000 answers a leave: there is no seat any more.
  if (code === CLOSE.ROOM_GONE || code === NORMAL_CLOSURE) return { kind: 'gone' };
  if (code === CLOSE.REPLACED) return { kind: 'replaced', code };
  return { kind: 'refused', code, reason };
}

type PhaseAt<At extends Phase['at']> = Extract<Phase, { at: At }>;
type Connected = PhaseAt<'opening' | 'securing' | 'live'>;

/** The outage that goes on with the next attempt, or begins with the first. */
function nextOutage(phase: Connected, cause: string, { now, stable_after_ms }: StepContext): Outage {
  if (phase.at !== 'live' && phase.outage !== undefined) {
    return { ...phase.outage, attempt: phase.outage.attempt + 1, cause };
  }
  // A connection that breaks right after each welcome must not come back in a loop without waits.
  const flaps = phase.at === 'live' && now - phase.since < stable_after_ms;
  return { since: now, attempt: flaps ? phase.attempts + 1 : 1, cause, forgiven: false };
}

/**
 * Goes on with an attempt. `at_once`: the first one does not wait, since the relay sent us away on purpose or we noticed
 * late; the policy is asked all the same, since it may want none. `least_ms`: what the router asked for; the policy's delay
 * comes on top, so that those who were told the same do not come back at the same instant.
 */
function retry(
  outage: Outage,
  context: StepContext,
  {
    at_once = false,
    least_ms = 0,
    error,
    effects = [],
  }: { at_once?: boolean; least_ms?: number; error?: AnteroomError; effects?: readonly Effect[] } = {},
): Step {
  const wanted = wantedDelay(context.policy, outage.attempt, Math.max(0, context.now - outage.since));
  if (wanted === null) {
    const last = error ?? new AnteroomError('network', outage.cause, { retryable: true });
    return close({ kind: 'gave_up', error: last }, effects);
  }
  const least = Math.min(least_ms, LONGEST_WAIT_MS);
  const ms = Math.min(least + (at_once && outage.attempt === 1 ? 0 : wanted), LONGEST_WAIT_MS);
  if (ms === 0) return { phase: { at: 'asking', outage }, effects: [...effects, { do: 'ask' }] };
  return {
    phase: { at: 'waiting', outage, retry_in_ms: ms, not_before: context.now + least },
    effects: [...effects, { do: 'wait', ms }],
  };
}

const closedWith = ({ code, reason }: { code: number; reason: string }): string =>
  reason === '' ? `The connection closed with ${code}` : `The connection closed with ${code}: ${reason}`;

/**
 * The relay or the network closed the socket. A refused ticket (4401) is forgiven once, also at the first connection: the
 * router has just given or checked this very ticket, so it is the relay that does not know the seat any more (we came after
 * its time had run out, or the task was started anew meanwhile). Resuming registers it again, or says that it is gone.
 * Refused a second time in the same outage, it is final.
 */
function afterClose(phase: Connected, code: number, reason: string, context: StepContext): Step {
  const outage = nextOutage(phase, closedWith({ code, reason }), context);
  if (code === CLOSE.UNAUTHORIZED && phase.at === 'opening' && !outage.forgiven) {
    return retry({ ...outage, forgiven: true }, context);
  }
  const answer = reconnectAfter(code);
  if (answer === 'never') return close(finalReason(code, reason));
  return retry(outage, context, { at_once: answer === 'now' });
}

/**
 * A resume was refused. It is over only where the router itself says so: what a gateway, a proxy or a captive portal answers
 * in its place during an outage says nothing about the seat. Only an unknown room or seat means that the seat is gone.
 */
function afterRefusal(outage: Outage, error: AnteroomError, context: StepContext): Step {
  if (error.from_router && !error.retryable) {
    const gone = error.code === 'room_not_found' || error.code === 'client_not_found';
    return close(gone ? { kind: 'gone' } : { kind: 'gave_up', error });
  }
  const next: Outage = { ...outage, attempt: outage.attempt + 1, cause: error.message };
  return retry(next, context, { least_ms: error.retry_after_ms ?? 0, error });
}

const LEFT: CloseReason = { kind: 'left' };

function whileConnected(phase: Connected, event: MachineEvent, context: StepContext): Step {
  if (event.type === 'leave') return close(LEFT, [{ do: 'hang_up', leaving: true }]);
  if (event.type === 'closed') return afterClose(phase, event.code, event.reason, context);
  if (event.type === 'dead') {
    const outage = nextOutage(phase, 'Nothing was heard from the relay for too long', context);
    return retry(outage, context, { at_once: true });
  }
  if (event.type === 'moved' && phase.at === 'opening') {
    const outage = nextOutage(phase, 'The room moved to another task', context);
    return retry(outage, context, { at_once: true, effects: [{ do: 'hang_up', leaving: false }] });
  }
  if (event.type === 'reopening') {
    return stay({ at: 'opening', outage: nextOutage(phase, closedWith(event), context) });
  }
  if (event.type === 'broken') return close({ kind: 'gave_up', error: event.error });
  if (event.type === 'securing' && phase.at === 'opening') return stay({ ...phase, at: 'securing' });
  if (event.type === 'welcome' && phase.at !== 'live') {
    return stay({ at: 'live', since: context.now, attempts: phase.outage?.attempt ?? 0 });
  }
  return stay(phase);
}

function whileWaiting(phase: PhaseAt<'waiting'>, event: MachineEvent, { now }: StepContext): Step {
  const { outage, not_before } = phase;
  if (event.type === 'leave') return close(LEFT, [{ do: 'cancel' }]);
  if (event.type === 'due') return { phase: { at: 'asking', outage }, effects: [{ do: 'ask' }] };
  // What was asked for with `Retry-After` was time until there is news.
  if (event.type === 'told' || (event.type === 'woke' && now >= not_before)) {
    return { phase: { at: 'asking', outage }, effects: [{ do: 'cancel' }, { do: 'ask' }] };
  }
  return stay(phase);
}

function whileAsking(phase: PhaseAt<'asking'>, event: MachineEvent, context: StepContext): Step {
  const { outage } = phase;
  if (event.type === 'leave') return close(LEFT, [{ do: 'cancel' }]);
  if (event.type === 'granted') return { phase: { at: 'opening', outage }, effects: [{ do: 'open' }] };
  if (event.type === 'refused') return afterRefusal(outage, event.error, context);
  return stay(phase);
}

/** What comes of `event` in `phase`. Events that are late for the phase change nothing. */
export function step(phase: Phase, event: MachineEvent, context: StepContext): Step {
  if (phase.at === 'opening' || phase.at === 'securing' || phase.at === 'live')
    return whileConnected(phase, event, context);
  if (phase.at === 'waiting') return whileWaiting(phase, event, context);
  if (phase.at === 'asking') return whileAsking(phase, event, context);
  return stay(phase);
}

/** The phase as the room shows it. */
export function stateOf(phase: Phase): ConnectionState {
  if (phase.at === 'live' || phase.at === 'securing') return { status: phase.at };
  if (phase.at === 'closed') return { status: 'closed', reason: phase.reason };
  if (phase.outage === undefined) return { status: 'connecting' };
  const { attempt, cause } = phase.outage;
  const retry_in_ms = phase.at === 'waiting' ? phase.retry_in_ms : 0;
  return { status: 'reconnecting', attempt, retry_in_ms, cause };
}
