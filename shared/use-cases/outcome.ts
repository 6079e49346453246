import { PROBLEMS, type Fault, type ProblemCode } from '../protocol/problem.ts';

/** Why a use case did not do what it was asked: a problem of the table, with what to say of it. */
export interface Refusal {
  code: ProblemCode;
  detail: string;
  retry_after_s?: number;
  faults?: Fault[];
}

export type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

export const done = <T>(value: T): Outcome<T> => ({ ok: true, value });
export const refuse = (code: ProblemCode, detail: string, more: Omit<Refusal, 'code' | 'detail'> = {}) =>
  ({ ok: false, refusal: { code, detail, ...more } }) as const;

/** Whether nothing was found (404). */
export const isMiss = (outcome: Outcome<unknown>): boolean =>
  !outcome.ok && PROBLEMS[outcome.refusal.code].status === 404;
