/** What the local stack and its router process tell each other. */
import type { BusEvent } from './events.ts';

/** The first message; the listening socket comes with it. */
export interface Start {
  kind: 'start';
  /** serverless.yml */
  manifest: string;
  /** Folder for what the process writes. */
  run: string;
  region: string;
  store: 'dynamodb' | 'memory';
  /** Folder of the page, and where Vite keeps the packages that it has prepared. `lazy`: not before it is asked for. */
  page: { root: string; cache: string; lazy: boolean };
  /** Variables that were not known when the process was started. */
  env: Record<string, string>;
}

/**
 * A function is to be called with `event`, or as its schedule would call it; the answer carries the same `id`. It comes when
 * the function has returned or, if that is not `awaited`, once it is known that there is one.
 */
export interface Call {
  kind: 'call';
  id: number;
  function: string;
  event?: unknown;
  awaited: boolean;
}

export type ToRouter =
  | Start
  | Call
  /** Something happened that EventBridge would report. */
  | { kind: 'event'; event: BusEvent };

export type FromRouter =
  /** The handlers are loaded and the server listens. */
  { kind: 'up' } | { kind: 'failed'; message: string } | { kind: 'called'; id: number; outcome: CallOutcome };

/** What a function returned, or why it did not. `unknown`: there is none of that name. */
export type CallOutcome = { ok: true; value: unknown } | { ok: false; message: string; unknown?: boolean };
