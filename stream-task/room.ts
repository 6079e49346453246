/**
 * The hot path: who is connected to a room, and the way of a message from one of them to the others. Nothing here
 * awaits, parses, logs or allocates for a receiver.
 */
import type { RelayControl } from '../shared/protocol/control.ts';
import type { Protocol } from '../shared/protocol/subprotocol.ts';

/** A connected client as its room sees it. */
export interface Member {
  readonly client_id: string;
  readonly slot: number;
  /** Sends the very bytes, or ends this connection if too much waits for it already. Never throws. */
  deliver(data: Uint8Array, binary: boolean): void;
}

export interface Room {
  readonly room_id: string;
  epoch: number;
  max_clients: number;
  /** That of the first connection; the room keeps to it for as long as this task knows the room. */
  protocol: Protocol | undefined;
  /**
   * Never changed in place: whoever walks it while a delivery ends a connection goes on over the members of before,
   * and an ended connection takes no more.
   */
  members: readonly Member[];
  readonly by_slot: Map<number, Member>;
}

export function addMember(room: Room, member: Member): void {
  room.members = [...room.members, member];
  room.by_slot.set(member.slot, member);
}

export function removeMember(room: Room, member: Member): void {
  room.members = room.members.filter((other) => other !== member);
  if (room.by_slot.get(member.slot) === member) room.by_slot.delete(member.slot);
}

/** To every other member. */
export function forward(room: Room, from: Member, data: Uint8Array, binary: boolean): void {
  const { members } = room;
  for (let i = 0; i < members.length; i++) {
    const member = members[i]!;
    if (member !== from) member.deliver(data, binary);
  }
}

/** To the member at `slot`; false if nobody else is there. */
export function forwardTo(room: Room, slot: number, from: Member, data: Uint8Array): boolean {
  const member = room.by_slot.get(slot);
  if (member === undefined || member === from) return false;
  member.deliver(data, true);
  return true;
}

/** A control message as the bytes of its text. */
export function controlText(control: RelayControl): Uint8Array {
  return Buffer.from(JSON.stringify(control));
}

/** Tells `control` to every member but `about`. Raw rooms have no control messages. */
export function announce(room: Room, control: RelayControl, about?: Member): void {
  if (room.protocol !== 'anteroom.v1' || room.members.length === 0) return;
  const text = controlText(control);
  for (const member of room.members) if (member !== about) member.deliver(text, false);
}
