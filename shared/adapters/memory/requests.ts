import type { KeyRecord, NewKey, RoomStore } from '../../ports/room-store.ts';
import type { MemoryState } from './state.ts';

type RequestMethods = Pick<RoomStore, 'getKey' | 'getFailures' | 'countFailure'>;

/** Removes what has expired from the front of `map`, in which the oldest come first. */
function collect<T>(map: Map<string, T>, expired: (value: T) => boolean): void {
  for (const [name, value] of map) {
    if (!expired(value)) return;
    map.delete(name);
  }
}

/** What `key` has given before, unless that has expired at `now`. */
export function usedKey(state: MemoryState, key: NewKey | undefined, now: number): KeyRecord | undefined {
  const record = key === undefined ? undefined : state.keys.get(key.key_hash);
  return record === undefined || record.expires_at <= now ? undefined : { ...record };
}

/** Keeps what `key` gives. */
export function giveByKey(
  state: MemoryState,
  key: NewKey | undefined,
  room: { room_id: string; created_at: number },
  client_id: string,
  now: number,
): void {
  if (key === undefined) return;
  const { room_id, created_at } = room;
  collect(state.keys, ({ expires_at }) => expires_at <= now);
  state.keys.delete(key.key_hash);
  state.keys.set(key.key_hash, { ...key, room_id, client_id, room_created_at: created_at, used_at: now });
}

export function requestMethods(state: MemoryState): RequestMethods {
  return {
    async getKey(key_hash) {
      const record = state.keys.get(key_hash);
      return record === undefined ? undefined : { ...record };
    },

    async getFailures(source) {
      const seen = state.failures.get(source);
      return seen === undefined ? undefined : { ...seen };
    },

    async countFailure(source, now, until) {
      collect(state.failures, (seen) => seen.until <= now);
      const before = state.failures.get(source);
      const current = before !== undefined && before.until > now ? before : undefined;
      const seen = { failures: (current?.failures ?? 0) + 1, until: current?.until ?? until };
      if (current === undefined) state.failures.delete(source);
      state.failures.set(source, seen);
      return { ...seen };
    },
  };
}
