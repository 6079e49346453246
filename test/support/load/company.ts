/** What the members of one room know of each other. */
import type { Room } from '../../../client/src/types.ts';
import type { Ledger } from './ledger.ts';
import type { Member } from './member.ts';

export interface Company {
  /** Of the room's plan; no other room's frames may be heard. */
  number: number;
  sealed: boolean;
  max_clients: number;
  byId: Map<string, Member>;
}

/** Whoever is seen in `room` is there once, and in no other room; and they are not too many. */
export function lookAround(
  { ledger, members: everybody }: { ledger: Ledger; members: ReadonlySet<Member> },
  { number, max_clients }: Company,
  { client_id, members }: Pick<Room, 'client_id' | 'members'>,
): void {
  const ids = new Set([client_id, ...members.map((member) => member.client_id)]);
  if (ids.size !== members.length + 1) ledger.breach(`room ${number}: somebody is there twice`);
  if (ids.size > max_clients) ledger.breach(`room ${number}: ${ids.size} clients of ${max_clients}`);
  for (const { client_id: id, room } of everybody) {
    if (room !== number && ids.has(id)) ledger.breach(`${id} is in room ${number} and in room ${room}`);
  }
}
