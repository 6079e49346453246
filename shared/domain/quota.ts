/**
 * MAX_ROOMS is counted in shards so that creates do not all write one row. The number of shards is fixed: a change of
 * MAX_ROOMS changes the parts, never where a room is counted.
 */
export const QUOTA_SHARDS = 16;

/** The part of `max_rooms` that `shard` (0 … 15) may hold. The parts add up to `max_rooms` exactly. */
export function shardLimit(max_rooms: number, shard: number): number {
  const base = Math.floor(max_rooms / QUOTA_SHARDS);
  return shard < max_rooms % QUOTA_SHARDS ? base + 1 : base;
}

/** The shards that still have room, given how many rooms each holds. */
export function shardsWithRoom(max_rooms: number, held: readonly number[]): number[] {
  const free: number[] = [];
  for (let shard = 0; shard < QUOTA_SHARDS; shard++) {
    if ((held[shard] ?? 0) < shardLimit(max_rooms, shard)) free.push(shard);
  }
  return free;
}
