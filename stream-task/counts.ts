/**
 * What the relay counts, as plain numbers: adding to one costs nothing on the path of a frame. metrics.ts shows them.
 */
export interface Counts {
  messages_in: number;
  bytes_in: number;
  /** Counted once for each receiver. */
  messages_out: number;
  bytes_out: number;
  /** Unicast frames to a slot that nobody holds. */
  frames_unroutable: number;
  /** Frames addressed to the relay itself. */
  frames_to_relay: number;
  /** Frames that receivers were spared, by class. */
  frames_left_out: Map<number, number>;
  connects: number;
  seats_expired: number;
  /** Rooms that the router took away while they were served here. */
  rooms_lost: number;
  /** Rooms that the router moved elsewhere for a drain. */
  rooms_moved: number;
  /** Times that the process stood still. */
  stalls: number;
  /** Ended connections by close code. */
  closes: Map<number, number>;
  /** Handshakes refused before the upgrade, by HTTP status. */
  refused: Map<number, number>;
  /** Connections cut off without an answer, by the limit that they broke. */
  cut: Map<string, number>;
  /** Answers to `POST /register` by outcome. */
  registers: Map<string, number>;
  /** put-task calls by outcome. */
  put_task: Map<string, number>;
  /** remove-client calls by outcome. */
  remove_client: Map<string, number>;
  /** migrate-room calls by outcome. */
  migrate_room: Map<string, number>;
}

export function createCounts(): Counts {
  return {
    messages_in: 0,
    bytes_in: 0,
    messages_out: 0,
    bytes_out: 0,
    frames_unroutable: 0,
    frames_to_relay: 0,
    frames_left_out: new Map(),
    connects: 0,
    seats_expired: 0,
    rooms_lost: 0,
    rooms_moved: 0,
    stalls: 0,
    closes: new Map(),
    refused: new Map(),
    cut: new Map(),
    registers: new Map(),
    put_task: new Map(),
    remove_client: new Map(),
    migrate_room: new Map(),
  };
}

/** One more under `key`. */
export function countOne<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
