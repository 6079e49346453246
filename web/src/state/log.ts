/** What was said and what happened in the room, in order. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import type { NextFrame } from './pointers.ts';
import type { Change } from './roster.ts';

/** `name`: what the one was called then. Others cannot change what has been read already. */
export type Entry = { id: number; at: number } & (
  | { kind: 'chat'; from: string; name: string; text: string; own: boolean }
  | { kind: 'change'; change: Change; name: string }
  /** `moved`: entered, from another room whose members moved on. */
  | { kind: 'self'; what: 'entered' | 'moved' | 'reconnected' }
  /** `count` messages of somebody will not come. */
  | { kind: 'lost'; from: string; name: string; count: number }
  /** Something that was said reached nobody. */
  | { kind: 'unsent' }
);

/** An entry without what the log itself adds. */
export type Happening = Entry extends infer E ? (E extends Entry ? Omit<E, 'id' | 'at'> : never) : never;

/** Entries that are kept; the oldest go first. */
export const LOG_LIMIT = 500;

export interface Log {
  /** Changes once a frame at most, however much is added. */
  entries: ReadonlySignal<readonly Entry[]>;
  /** Losses of one sender that follow each other are one entry. */
  add(happening: Happening): void;
}

/** `happening` and the entry before it as one, where they are of a kind. */
function merged(last: Entry | undefined, happening: Happening): Entry | undefined {
  if (last?.kind === 'unsent' && happening.kind === 'unsent') return last;
  if (last?.kind !== 'lost' || happening.kind !== 'lost' || last.from !== happening.from) return undefined;
  return { ...last, name: happening.name, count: last.count + happening.count };
}

export function createLog(nextFrame: NextFrame): Log {
  const entries = signal<readonly Entry[]>([]);
  let added: Entry[] = [];
  let last_id = 0;
  let waiting = false;
  const show = (): void => {
    waiting = false;
    const first_id = added[0]?.id ?? Infinity;
    entries.value = [...entries.peek().filter(({ id }) => id < first_id), ...added].slice(-LOG_LIMIT);
    added = [];
  };
  return {
    entries,
    add(happening) {
      if (!waiting) nextFrame(show);
      waiting = true;
      const joint = merged(added.at(-1) ?? entries.peek().at(-1), happening);
      if (joint !== undefined) added.pop();
      else if (added.length === LOG_LIMIT) added.shift();
      added.push(joint ?? { ...happening, id: ++last_id, at: Date.now() });
    },
  };
}
