/** What was said and what happened in the room, in order. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import type { Change } from './roster.ts';

export type Entry = { id: number; at: number } & (
  | { kind: 'chat'; from: string; text: string; own: boolean }
  | { kind: 'change'; change: Change }
  | { kind: 'self'; what: 'entered' | 'reconnected' }
);

/** An entry without what the log itself adds. */
export type Happening = Entry extends infer E ? (E extends Entry ? Omit<E, 'id' | 'at'> : never) : never;

/** Entries that are kept; the oldest go first. */
export const LOG_LIMIT = 500;

export interface Log {
  entries: ReadonlySignal<readonly Entry[]>;
  add(happening: Happening): void;
}

export function createLog(now: () => number = Date.now): Log {
  const entries = signal<readonly Entry[]>([]);
  let last_id = 0;
  return {
    entries,
    add(happening) {
      const entry: Entry = { ...happening, id: ++last_id, at: now() };
      entries.value = [...entries.value.slice(1 - LOG_LIMIT), entry];
    },
  };
}
