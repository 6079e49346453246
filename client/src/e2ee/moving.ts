/** Moving on to another room: whom we invite there, and who invites us. */
import type { Bytes } from './bytes.ts';
import type { ChannelEvents } from './channel.ts';
import type { Invitations } from './invitation.ts';
import type { Membership } from './membership.ts';
import type { Peer } from './peer.ts';
import type { Sending } from './sending.ts';

export interface MovingDeps {
  invitations: Invitations;
  membership: Membership;
  sending: Sending;
  malformed: (peer: Peer) => void;
  move: ChannelEvents['move'];
}

export class Moving {
  readonly #deps: MovingDeps;

  constructor(deps: MovingDeps) {
    this.#deps = deps;
  }

  /** Tells sealed members of another room. Those of `to` that are not sealed are skipped; returns the others. */
  async invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]> {
    const { invitations, membership, sending } = this.#deps;
    const told: string[] = [];
    for (const client_id of to) {
      const peer = membership.peers.ofClient(client_id);
      if (peer?.sealed !== true || peer.shared === undefined) continue;
      const pair = { id: peer.id, shared: peer.shared };
      const invitation = await invitations.seal(pair, { room_id, secret });
      if (!membership.peers.has(peer)) continue;
      await sending.control({ kind: 'move', invitation }, peer);
      told.push(client_id);
    }
    return told;
  }

  /** What came from a member. */
  async receive(peer: Peer, bytes: Bytes): Promise<void> {
    const { invitations, malformed, move } = this.#deps;
    if (peer.shared === undefined) return;
    const invitation = await invitations.open({ id: peer.id, shared: peer.shared }, bytes);
    if (invitation === undefined) malformed(peer);
    else move({ from: peer.client_id, ...invitation });
  }
}
