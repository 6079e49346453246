/** What the people in the room are called. */
import { computed, signal } from '@preact/signals';
import { createAllowance } from './allowance.ts';

export interface Names {
  /** The name to show; reading it in a component subscribes to it. */
  readonly of: (client_id: string) => string;
  has(client_id: string): boolean;
  /** A client says its name. Ignored if it is the same as before, or another one less than a second after. */
  set(client_id: string, name: string): void;
  delete(client_id: string): void;
}

/** Names change at most this often, ms, for each client. */
const CHANGE_MS = 1_000;

const short = (client_id: string): string => client_id.slice(0, 4);
const guestName = (client_id: string): string => `Guest ${short(client_id)}`;

/** What two names have in common that look alike. */
const likeness = (name: string): string => name.normalize('NFKC').toLocaleLowerCase();

/** Names of a room in which one is `own_name` oneself. Others of the same name are told apart by their ids. */
export function createNames(own_id: string, own_name: string, now: () => number): Names {
  const told = signal<ReadonlyMap<string, string>>(new Map([[own_id, own_name]]));
  const changes = createAllowance(1, CHANGE_MS, now);

  const shown = computed(() => {
    const namesakes = new Map<string, number>();
    for (const name of told.value.values()) {
      namesakes.set(likeness(name), (namesakes.get(likeness(name)) ?? 0) + 1);
    }
    const labels = new Map<string, string>();
    for (const [client_id, name] of told.value) {
      const alone = client_id === own_id || namesakes.get(likeness(name)) === 1;
      labels.set(client_id, alone ? name : `${name} (${short(client_id)})`);
    }
    return labels;
  });

  return {
    of: (client_id) => shown.value.get(client_id) ?? guestName(client_id),
    has: (client_id) => told.peek().has(client_id),
    set(client_id, name) {
      if (told.peek().get(client_id) === name || !changes.take(client_id)) return;
      told.value = new Map(told.peek()).set(client_id, name);
    },
    delete(client_id) {
      changes.forget(client_id);
      if (!told.peek().has(client_id)) return;
      const left = new Map(told.peek());
      left.delete(client_id);
      told.value = left;
    },
  };
}
