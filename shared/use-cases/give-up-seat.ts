import type { RoomRecord } from '../domain/room.ts';
import type { Deps } from './deps.ts';

/** How often a room may move while a seat in it is given up. */
const ROUNDS = 5;

/**
 * Undoes a seat that this very request took and nobody could use, wherever the room is by now. `ignored`: it is not (any
 * more) this request's alone: a repetition has taken it up, or somebody has given it up before. `gone`: so is its room.
 * `key_hash`: the key that gave the seat.
 */
export async function giveUpSeat(
  { store }: Deps,
  room: RoomRecord,
  client_id: string,
  key_hash: string | undefined,
): Promise<'removed' | 'ignored' | 'gone'> {
  const { room_id, created_at } = room;
  let { epoch } = room;
  for (let round = 0; round < ROUNDS; round++) {
    const { kind } = await store.removeClient({ room_id, epoch, client_id, generation: 1 }, key_hash);
    if (kind === 'removed') return kind;
    const present = await store.getRoom(room_id);
    if (present?.created_at !== created_at) return 'gone';
    if (present.epoch === epoch) break;
    epoch = present.epoch;
  }
  return 'ignored';
}
