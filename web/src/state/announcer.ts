/** Says who comes and goes. A newcomer is announced with its name, or, where none comes soon, without. */
import { createTimers } from './timers.ts';
import type { Change } from './roster.ts';

/** A newcomer's name is waited for this long, ms. */
export const NAME_WAIT_MS = 1_000;

export interface Announcer {
  /** Something changed in the room. `heard`: whether that is news also where somebody lost the connection. */
  changed(change: Change, heard: boolean): void;
  /** The name of a client is known now. */
  named(client_id: string): void;
  /** Stops waiting for names. */
  dispose(): void;
}

export function createAnnouncer(
  announce: (change: Change) => void,
  isNamed: (client_id: string) => boolean,
): Announcer {
  const waits = createTimers();
  /** Newcomers who have not been announced: whatever they do before that is no news either. */
  const newcomers = new Set<string>();

  function joined(client_id: string): void {
    waits.clear(client_id);
    newcomers.delete(client_id);
    announce({ kind: 'joined', client_id });
  }

  return {
    changed(change, heard) {
      const { kind, client_id } = change;
      if (kind === 'joined') newcomers.add(client_id);
      if (!newcomers.has(client_id)) {
        if (kind !== 'away' || heard) announce(change);
        return;
      }
      waits.clear(client_id);
      if (kind === 'left') newcomers.delete(client_id);
      if (kind === 'away' || kind === 'left') return;
      if (isNamed(client_id)) joined(client_id);
      else waits.set(client_id, () => joined(client_id), NAME_WAIT_MS);
    },
    named(client_id) {
      if (waits.clear(client_id)) joined(client_id);
    },
    dispose: () => waits.clearAll(),
  };
}
