/** Who is a member: those whom the relay names, those of them who proved to be it, and what the application is told of both. */
import type { Joined, Left, Welcome } from '../../../shared/protocol/control.ts';
import { Agreement } from './agreement.ts';
import { equalBytes, erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { UnreadableReason } from './channel.ts';
import type { CryptoPort } from './crypto-port.ts';
import { Gate } from './gate.ts';
import type { GateEvents } from './gate.ts';
import type { Hello } from './hello.ts';
import type { Identity } from './identity.ts';
import type { InboxEvents } from './inbox.ts';
import { PAST_PER_PEER, SILENT_MS } from './limits.ts';
import { Peer } from './peer.ts';
import { Peers } from './peers.ts';
import { Presence } from './presence.ts';
import type { Present } from './presence.ts';
import { rosterHash, safetyNumber } from './roster.ts';

export interface MembershipDeps {
  crypto: CryptoPort;
  /** Stands for the room in what is signed and sealed. */
  room: Bytes;
  identity: Identity;
  max_peers: number;
  now: () => number;
  /** What a new member's inbox tells. */
  inboxOf: (peer: () => Peer) => InboxEvents;
  /** A member left for good, and still has our key. */
  left: (peer: Peer) => void;
  /** Some who left are not remembered any more: what they said before must not prove that they are back. */
  forgot: () => void;
  tell: GateEvents;
}

export class Membership {
  readonly presence = new Presence();
  readonly peers: Peers;
  readonly agreement: Agreement;
  readonly gate: Gate;
  readonly #deps: MembershipDeps;
  /** When our connection ended; undefined while there is one. */
  #away_since: number | undefined = 0;

  constructor(deps: MembershipDeps) {
    this.#deps = deps;
    this.peers = new Peers(PAST_PER_PEER * deps.max_peers);
    this.gate = new Gate(this.presence, this.peers, deps.tell);
    const { crypto, room, identity } = deps;
    this.agreement = new Agreement(() =>
      rosterHash(crypto, room, [identity.id, ...[...this.peers.all].map(({ id }) => id)]),
    );
  }

  welcome(welcome: Welcome): void {
    const now = this.#deps.now();
    const away = now - (this.#away_since ?? now);
    this.#away_since = undefined;
    this.presence.welcome(welcome, now);
    for (const peer of this.peers.all) {
      peer.slot = this.presence.get(peer.client_id)?.slot;
      // What it said meanwhile could not reach us. (Of who is not here any more nothing is expected.)
      if (peer.slot !== undefined) peer.heard_at += away;
      this.#returned(peer, now);
    }
    this.gate.connected(welcome, now);
    this.review();
  }

  /** Returns what was known of the client before, if it was here. */
  joined(message: Joined): void {
    const now = this.#deps.now();
    const peer = this.peers.ofClient(message.client_id);
    this.presence.joined(message, peer !== undefined, now);
    if (peer !== undefined) {
      peer.slot = message.slot;
      this.#returned(peer, now);
    }
    this.review();
  }

  left(message: Left): void {
    const present = this.presence.left(message);
    const peer = this.peers.ofClient(message.client_id);
    if (peer !== undefined) peer.slot = undefined;
    const told = (): void => {
      if (peer !== undefined && message.reason === 'gone' && this.peers.has(peer)) this.leave(peer);
      this.gate.left(message, present);
      this.review();
    };
    // What it said last may still be being opened.
    if (peer === undefined) told();
    else peer.inbox.afterAll(told);
  }

  /** See `Channel.arrived`: to what comes from members it is as if our connection had been made anew. */
  arrived(): void {
    const now = this.#deps.now();
    for (const peer of this.peers.all) if (peer.slot !== undefined) peer.inbox.restart(now);
  }

  disconnected(): void {
    this.#away_since ??= this.#deps.now();
    this.presence.clear();
    for (const peer of this.peers.all) peer.slot = undefined;
    this.gate.disconnected();
    this.review();
  }

  /** Whether an identity, connected or not, is another one than the member that this client is known as. */
  isOther(client: Present, hello: Hello | undefined): boolean {
    if (hello === undefined) return false;
    const peer = this.peers.ofClient(client.client_id);
    return peer !== undefined && !equalBytes(peer.id, hello.id);
  }

  /** A HELLO of a client was proven to be live. Keeps `shared`, or overwrites it. */
  prove(client: Present, hello: Hello, shared: Bytes): Peer | { refused: UnreadableReason } {
    const known = this.peers.withId(hello.id);
    const peer = known === undefined ? this.#admit(client, hello, shared) : this.#renew(known, client, hello);
    if ('refused' in peer || known !== undefined) erase(shared);
    return peer;
  }

  /** A member left: for good, as far as its keys go. */
  leave(peer: Peer): void {
    if (!this.peers.remove(peer, this.#deps.now())) this.#deps.forgot();
    this.agreement.changed();
    this.#deps.left(peer);
  }

  /**
   * A heartbeat of a member came for the first time: it is there. Nothing else says so, or a relay that lets only messages
   * through could hide whom that member knows. `alone`: it was for us alone.
   */
  heard(peer: Peer, alone: boolean): void {
    peer.heard_at = this.#deps.now();
    if (peer.spoke || !alone) return;
    peer.spoke = true;
    this.review();
  }

  /** Members of whom no heartbeat was heard for too long have left. While we are away ourselves we cannot tell. */
  expire(now: number): void {
    if (this.#away_since !== undefined) return;
    for (const peer of this.peers.all) if (now >= peer.heard_at + SILENT_MS) this.leave(peer);
  }

  /** Tells the application what changed. */
  review(): void {
    const now = this.#deps.now();
    this.gate.review(now, (id) => this.agreement.disagrees(this.peers.ofClient(id), now));
  }

  /** Of ourselves and all who have our key: all who are sealed, and whoever has yet to speak. */
  safetyNumber(): Promise<string> {
    const members = [...this.peers.all].filter((peer) => peer.entitled_from !== undefined);
    const keys = [this.#deps.identity.id_pk, ...members.map(({ id_pk }) => id_pk)];
    return safetyNumber(this.#deps.crypto, keys);
  }

  /**
   * The member's connection is another, or ours is: what we said under the nonces of before is void. The relay's word does
   * not prove that the member is there.
   */
  #returned(peer: Peer, now: number): void {
    peer.given_at = undefined;
    // Until it speaks it may be loaded anew: what is sealed for the identity of before could not be read.
    peer.spoke = false;
    if (peer.slot !== undefined) peer.inbox.restart(now);
  }

  #renew(peer: Peer, client: Present, hello: Hello): Peer | { refused: UnreadableReason } {
    if (peer.client_id !== client.client_id) return { refused: 'identity' };
    if (!equalBytes(peer.hello.nonce, hello.nonce)) peer.given_at = undefined;
    // A HELLO proves its sender live once, and may be played again: only what is signed and new says that it is still there.
    peer.hello = hello;
    return peer;
  }

  #admit(client: Present, hello: Hello, shared: Bytes): Peer | { refused: UnreadableReason } {
    const { crypto, room, identity, max_peers, now, inboxOf } = this.#deps;
    // The client has another identity: it was loaded anew, and the old one is not coming back.
    const before = this.peers.ofClient(client.client_id);
    if (before === undefined && this.peers.size >= max_peers) return { refused: 'full' };
    if (before !== undefined) {
      this.leave(before);
      this.gate.replaced(client, now());
    }
    const past = this.peers.pastOf(hello.id);
    const settings = { room, own_id: identity.id, client_id: client.client_id, hello, shared, past };
    const peer: Peer = new Peer(
      crypto,
      settings,
      now(),
      inboxOf(() => peer),
    );
    peer.slot = client.slot;
    this.peers.add(peer);
    this.agreement.changed();
    return peer;
  }
}
