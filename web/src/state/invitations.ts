/** Invitations of others to move on with them to another room. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';

export interface Invitation {
  /** Client id of who invites. */
  from: string;
  /** What it was called then: it leaves this room. */
  name: string;
  room_id: string;
  link: string;
  /** Client ids of those it leaves out; undefined until it says so. */
  without: readonly string[] | undefined;
}

/** As many as are kept, the newest: who invites may go, and come as somebody else. */
export const INVITATIONS_LIMIT = 20;

export interface Invitations {
  /** Those that are not decided on, one of each sender: the newest. */
  readonly open: ReadonlySignal<readonly Invitation[]>;
  add(invitation: Omit<Invitation, 'without'>): void;
  /** `from` says whom it leaves out of `room_id`: before the invitation, or after. */
  explain(from: string, room_id: string, without: readonly string[]): void;
  dismiss(from: string): void;
}

export function createInvitations(): Invitations {
  const open = signal<readonly Invitation[]>([]);
  /** What was said of rooms that nobody was invited to yet, by sender. */
  const ahead = new Map<string, { room_id: string; without: readonly string[] }>();
  const others = (from: string): Invitation[] => open.peek().filter((one) => one.from !== from);
  return {
    open,
    add(invitation) {
      const { from, room_id } = invitation;
      const said = ahead.get(from);
      ahead.delete(from);
      const without = said?.room_id === room_id ? said.without : undefined;
      open.value = [...others(from), { ...invitation, without }].slice(-INVITATIONS_LIMIT);
    },
    explain(from, room_id, without) {
      if (!open.peek().some((one) => one.from === from && one.room_id === room_id)) {
        ahead.delete(from);
        ahead.set(from, { room_id, without });
        for (const sender of [...ahead.keys()].slice(0, -INVITATIONS_LIMIT)) ahead.delete(sender);
        return;
      }
      open.value = open
        .peek()
        .map((one) => (one.from === from && one.room_id === room_id ? { ...one, without } : one));
    },
    dismiss(from) {
      open.value = others(from);
    },
  };
}
