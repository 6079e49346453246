/** What could not be opened, counted: a line for each would be a flood that others cause. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import type { UnreadableReason } from '@anteroom/client';

export interface Unreadable {
  /** Undefined where the sender is not known. */
  from: string | undefined;
  count: number;
  /** Why, the newest. */
  reason: UnreadableReason;
}

/** Senders that are kept, the newest: some come and go without ever being members. */
export const SENDERS_LIMIT = 20;

export interface UnreadableTally {
  readonly all: ReadonlySignal<readonly Unreadable[]>;
  add(from: string | undefined, reason: UnreadableReason, count: number): void;
  /** `client_id` has left. */
  forget(client_id: string): void;
}

export function createUnreadableTally(): UnreadableTally {
  const all = signal<readonly Unreadable[]>([]);
  const others = (from: string | undefined): Unreadable[] => all.peek().filter((one) => one.from !== from);
  return {
    all,
    add(from, reason, count) {
      const before = all.peek().find((one) => one.from === from)?.count ?? 0;
      all.value = [...others(from), { from, reason, count: before + count }].slice(-SENDERS_LIMIT);
    },
    forget(client_id) {
      if (all.peek().some((one) => one.from === client_id)) all.value = others(client_id);
    },
  };
}
