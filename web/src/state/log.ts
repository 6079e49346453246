/** What was said and what happened in the room, in order. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import type { NextFrame } from './pointers.ts';
import type { Change } from './roster.ts';

/** `name`: what the one was called then. Others cannot change what has been read already. */
export type Entry = { id: number; at: number } & (
  | { kind: 'chat'; from: string; name: string; text: string; own: boolean }
  | { kind: 'change'; change: Change; name: string }
  | { kind: 'self'; what: 'entered' | 'reconnected' }
);

/** An entry without what the log itself adds. */
export type Happening = Entry extends infer E ? (E extends Entry ? Omit<E, 'id' | 'at'> : never) : never;

/** Entries that are kept; the oldest go first. */
export const LOG_LIMIT = 500;

export interface Log {
  /** Changes once a frame at most, however much is added. */
  entries: ReadonlySignal<readonly Entry[]>;
  add(happening: Happening): void;
}

export function createLog(nextFrame: NextFrame): Log {
  const entries = signal<readonly Entry[]>([]);
  let added: Entry[] = [];
  let last_id = 0;
  const show = (): void => {
    entries.value = [...entries.peek(), ...added].slice(-LOG_LIMIT);
    added = [];
  };
  return {
    entries,
    add(happening) {
      if (added.length === 0) nextFrame(show);
      if (added.length === LOG_LIMIT) added.shift();
      added.push({ ...happening, id: ++last_id, at: Date.now() });
    },
  };
}
