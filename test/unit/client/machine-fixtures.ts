import { AnteroomError } from '../../../client/src/errors.ts';
import type { MachineEvent, Outage, Phase, StepContext } from '../../../client/src/machine.ts';
import { PROBLEMS } from '../../../shared/protocol/problem.ts';
import type { ProblemCode } from '../../../shared/protocol/problem.ts';

export const NOW = 1_000_000;
/** A policy that can be read: 100 ms times the attempt, no more after the fifth. */
export const context = (now = NOW): StepContext => ({
  now,
  policy: (attempt) => (attempt > 5 ? null : attempt * 100),
  stable_after_ms: 10_000,
});
export const outage = (changes: Partial<Outage> = {}): Outage => ({
  since: NOW,
  attempt: 1,
  cause: 'x',
  forgiven: false,
  ...changes,
});
export const LIVE: Phase = { at: 'live', since: NOW - 60_000, attempts: 0 };
export const ASKING: Phase = { at: 'asking', outage: outage() };
export const REOPENING: Phase = { at: 'opening', outage: outage() };
export const WAITING = { at: 'waiting', outage: outage(), retry_in_ms: 100, not_before: NOW } satisfies Phase;
export const closed = (code: number, reason = ''): MachineEvent => ({ type: 'closed', code, reason });
export const refused = (error: AnteroomError): MachineEvent => ({ type: 'refused', error });
/** The router's own word. */
export const problem = (code: ProblemCode) =>
  new AnteroomError(code, 'x', { retryable: PROBLEMS[code].retryable, from_router: true });
export const network = (retry_after_ms?: number) =>
  new AnteroomError('network', 'no answer', { retryable: true, retry_after_ms });
