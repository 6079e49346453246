/** What arrives from the relay: to the handshake, to the inbox of the member that sent it, or held until we know who did. */
import { destinationOf, FRAME_CLASS, headerFault, sourceOf, TO_ALL } from '../../../shared/protocol/frame.ts';
import type { Frame } from '../types.ts';
import type { Bytes } from './bytes.ts';
import type { ChannelEvents, UnreadableReason } from './channel.ts';
import type { Handshake } from './handshake.ts';
import type { InboxEvents, Opened } from './inbox.ts';
import type { Membership } from './membership.ts';
import type { Peer } from './peer.ts';
import { Strangers } from './strangers.ts';
import type { Upkeep } from './upkeep.ts';

export interface ReceptionDeps {
  now: () => number;
  membership: Membership;
  handshake: Handshake;
  upkeep: Upkeep;
  events: Pick<ChannelEvents, 'frame' | 'trouble'>;
  /** `from`: client id, where one is to blame. */
  unreadable: (from: string | undefined, reason: UnreadableReason, count?: number) => void;
  /** Something is due at this time. */
  wakeAt: (due: number) => void;
}

export class Reception {
  readonly #deps: ReceptionDeps;
  readonly #strangers = new Strangers();
  /** Messages that were opened before the application could listen. */
  #early: Frame[] = [];

  constructor(deps: ReceptionDeps) {
    this.#deps = deps;
  }

  /** Whether messages wait to be shown, and may be. */
  get hasEarly(): boolean {
    return this.#early.length > 0 && this.#deps.membership.gate.isOpen;
  }

  /** `own_slot`: ours. `wire_slot`: see `Channel.receive`. */
  receive(frame: Bytes, own_slot: number | undefined, wire_slot?: number): void {
    const { membership, handshake, unreadable, now } = this.#deps;
    if (headerFault(frame) !== undefined) {
      unreadable(undefined, 'malformed');
      return;
    }
    const client = membership.presence.at(sourceOf(frame));
    const destination = destinationOf(frame);
    if (client === undefined || (destination !== TO_ALL && destination !== own_slot)) {
      unreadable(client?.client_id, 'malformed');
      return;
    }
    if ((frame[0]! & 1) === 0) {
      if (((frame[0]! >>> 3) & 7) === FRAME_CLASS.CTRL) handshake.receive(client.slot, frame, wire_slot);
      else unreadable(client.client_id, 'not_sealed');
      return;
    }
    const peer = membership.peers.ofClient(client.client_id);
    if (peer !== undefined) peer.inbox.receive(frame, now());
    else if (!this.#strangers.hold(client.slot, frame, now())) unreadable(client.client_id, 'no_key');
  }

  /** What the inbox of a member tells. */
  inboxOf(peer: () => Peer): InboxEvents {
    const { upkeep, events, unreadable, wakeAt } = this.#deps;
    return {
      opened: (opened) => this.#opened(peer(), opened),
      control: (body, lane) => upkeep.receive(peer(), body, lane),
      foreign: (frame) => this.#divert(peer(), frame),
      refused: (reason) => unreadable(peer().client_id, reason),
      unknownKey: (kid) => upkeep.requestKey(peer(), kid),
      tooLate: (frame) => {
        const successor = this.#deps.membership.peers.ofClient(peer().client_id);
        if (successor !== undefined) successor.inbox.receive(frame, this.#deps.now());
      },
      noKey: (count) => {
        unreadable(peer().client_id, 'no_key', count);
        upkeep.seekKey(peer());
      },
      lost: (count) => events.trouble({ kind: 'lost', from: peer().client_id, count }),
      sorted: () => wakeAt(peer().inbox.deadline),
    };
  }

  /** A member's key was learned: opens what came from its slot before we knew it. */
  welcome(peer: Peer): void {
    if (peer.slot === undefined) return;
    for (const frame of this.#strangers.take(peer.slot)) peer.inbox.receive(frame, this.#deps.now());
  }

  /** Another client has the slot from now on, or nobody. */
  forget(slot: number): void {
    this.#strangers.forget(slot);
  }

  /** Our connection is another: so is the meaning of all slots. */
  clear(): void {
    this.#strangers.clear();
  }

  tick(now: number): void {
    const { membership, events, unreadable } = this.#deps;
    if (membership.gate.isOpen) {
      const early = this.#early;
      this.#early = [];
      for (const frame of early) events.frame(frame);
    }
    for (const { client_id, count } of this.#strangers.expire(now, membership.presence)) {
      unreadable(client_id, 'no_key', count);
    }
  }

  #opened(peer: Peer, { header, body, unicast }: Opened): void {
    const { class: frame_class, stream, layer, keyframe, droppable } = header;
    const from = peer.client_id;
    const frame = { from, class: frame_class, stream, layer, keyframe, droppable, unicast, payload: body };
    if (this.#deps.membership.gate.isOpen && this.#early.length === 0) this.#deps.events.frame(frame);
    // Of other classes the next is worth more than the last.
    else if (frame_class === FRAME_CLASS.MSG) this.#early.push(frame);
  }

  /** Keeps a frame that a client may have sealed as somebody else than we know: it says so, and has yet to prove it. */
  #divert(peer: Peer, frame: Bytes): boolean {
    const { membership, handshake, now } = this.#deps;
    const client = membership.presence.get(peer.client_id);
    if (client === undefined) return false;
    if (!membership.isOther(client, handshake.candidateAt(client.slot))) return false;
    return this.#strangers.hold(client.slot, frame, now());
  }
}
