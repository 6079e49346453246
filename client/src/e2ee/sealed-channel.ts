/**
 * The encryption of one client in one room: who is a member, with which keys, and what is to be done when. The parts are
 * state machines of their own; here they are put together.
 */
import type { Joined, Left, Welcome } from '../../../shared/protocol/control.ts';
import type { KeyOffer } from './base-key.ts';
import { erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { SILENT } from './channel.ts';
import type { Channel, ChannelEvents, OutgoingFrame } from './channel.ts';
import type { CryptoPort, FillRandom } from './crypto-port.ts';
import { Handshake } from './handshake.ts';
import { Identity } from './identity.ts';
import { Invitations } from './invitation.ts';
import { KeyRing } from './key-ring.ts';
import { MAX_LANE } from './lanes.ts';
import { MAX_PEERS, TICK_MS } from './limits.ts';
import { linkKeys } from './link.ts';
import type { LinkKeys } from './link.ts';
import { Membership } from './membership.ts';
import { Moving } from './moving.ts';
import { Outgoing } from './outgoing.ts';
import type { Peer } from './peer.ts';
import { Reception } from './reception.ts';
import { Sealer } from './sealer.ts';
import { Sending } from './sending.ts';
import { SendingKeys } from './sending-keys.ts';
import { SteadyClock } from './steady-clock.ts';
import { Troubles } from './troubles.ts';
import { Upkeep } from './upkeep.ts';

export interface SealedChannelOptions {
  crypto: CryptoPort;
  fill: FillRandom;
  /** ms; monotonic if the platform has such a clock. */
  clock: () => number;
  room_id: string;
  /** Of the link, 32 bytes. */
  secret: Bytes;
  /** Members whose keys are kept at most, oneself apart. */
  max_peers?: number;
}

export class SealedChannel implements Channel {
  #events: ChannelEvents;
  readonly #clock: SteadyClock;
  readonly #link: LinkKeys;
  readonly #identity: Identity;
  readonly #keys: SendingKeys;
  readonly #sending: Sending;
  readonly #key_ring: KeyRing;
  readonly #handshake: Handshake;
  readonly #membership: Membership;
  readonly #upkeep: Upkeep;
  readonly #reception: Reception;
  readonly #outgoing: Outgoing;
  readonly #troubles: Troubles;
  readonly #moving: Moving;
  #alarm_at = Infinity;

  /** Draws an identity and a key. */
  static async create(options: SealedChannelOptions, events: ChannelEvents): Promise<SealedChannel> {
    const { crypto, fill, room_id, secret } = options;
    const link = await linkKeys(crypto, room_id, secret);
    return new SealedChannel(options, link, await Identity.create(crypto, fill), events);
  }

  private constructor(
    { crypto, fill, clock, max_peers = MAX_PEERS }: SealedChannelOptions,
    link: LinkKeys,
    identity: Identity,
    events: ChannelEvents,
  ) {
    this.#events = events;
    this.#clock = new SteadyClock(clock);
    this.#link = link;
    this.#identity = identity;
    this.#keys = new SendingKeys(crypto, fill, (offer) => this.#key_ring.outOfUse(offer));
    const now = (): number => this.#clock.now();
    const sealer = new Sealer(link.room, identity, this.#keys);
    this.#sending = new Sending(sealer, now, (frame, via) => this.#events.send(frame, via));
    this.#troubles = new Troubles((trouble) => this.#events.trouble(trouble));
    this.#membership = new Membership({
      crypto,
      room: link.room,
      identity,
      // Each member has a lane.
      max_peers: Math.min(max_peers, MAX_LANE),
      now,
      inboxOf: (peer) => this.#reception.inboxOf(peer),
      left: (peer) => {
        this.#sending.release(peer.id);
        this.#key_ring.left();
        this.#schedule();
      },
      forgot: () => this.#handshake.renew(),
      tell: {
        secured: (welcome) => this.#secured(welcome),
        joined: (message) => this.#events.joined(message),
        left: (message) => this.#events.left(message),
        standing: (standing) => this.#events.standing(standing),
      },
    });
    const { presence, peers } = this.#membership;
    this.#handshake = new Handshake({
      crypto,
      fill,
      link,
      identity,
      now,
      send: (payload, to, via) => this.#sending.plain(payload, to, via),
      routes: (to) => this.#events.routes?.(to),
      clientAt: (slot) => presence.at(slot)?.client_id,
      peerWith: (id) => peers.withId(id),
      peerOf: (client_id) => peers.ofClient(client_id),
      prove: (client_id, hello, shared) => this.#membership.prove(presence.get(client_id)!, hello, shared),
      learn: (peer, offer) => this.#learn(peer, offer),
      give: (peer) => this.#give(peer),
      refused: (client_id, reason) => this.#troubles.unreadable(client_id, reason, now()),
      failed: (error) => {
        if (this.#events !== SILENT) throw error;
      },
    });
    this.#key_ring = new KeyRing({
      keys: this.#keys,
      now,
      members: () => [...peers.all],
      isReady: (peer) => peers.has(peer) && this.#handshake.knowsLatestOf(peer),
      sealKeys: (peer, offers) => this.#handshake.sealKeys(peer, offers),
      send: (payload, to) => this.#sending.plain(payload, to),
      changed: () => this.#sending.keyChanged(),
      tell: (peer) => this.#upkeep.heartbeat(peer),
      inTurn: (task) => this.#handshake.inTurn(task),
    });
    this.#outgoing = new Outgoing({
      membership: this.#membership,
      key_ring: this.#key_ring,
      sending: this.#sending,
      trouble: (trouble) => this.#events.trouble(trouble),
      isClosed: () => this.#events === SILENT,
    });
    const malformed = (peer: Peer): void => this.#troubles.unreadable(peer.client_id, 'malformed', now());
    this.#moving = new Moving({
      invitations: new Invitations(crypto, fill, link, identity.id),
      membership: this.#membership,
      sending: this.#sending,
      malformed,
      move: (move) => this.#events.move(move),
    });
    this.#upkeep = new Upkeep({
      now,
      membership: this.#membership,
      sending: this.#sending,
      give: (peer) => this.#handshake.inTurn(() => this.#give(peer)),
      hail: () => this.#handshake.hail(),
      hailOne: (peer) => peer.slot !== undefined && this.#handshake.hailOne(peer.slot, peer.hello),
      malformed,
      invited: (peer, invitation) => this.#moving.receive(peer, invitation),
      run: (work) => void this.#outgoing.run(work),
    });
    this.#reception = new Reception({
      now,
      membership: this.#membership,
      handshake: this.#handshake,
      upkeep: this.#upkeep,
      events: {
        frame: (frame) => this.#events.frame(frame),
        trouble: (trouble) => this.#events.trouble(trouble),
      },
      unreadable: (from, reason, count) => this.#troubles.unreadable(from, reason, now(), count),
      wakeAt: (due) => this.#wakeAt(due),
    });
  }

  welcome(welcome: Welcome): void {
    this.#sending.slot = welcome.slot;
    this.#reception.clear();
    this.#handshake.connected(welcome.slot);
    if (welcome.clients.length > 0) this.#handshake.hail();
    this.#membership.welcome(welcome);
    this.#schedule();
  }

  joined(message: Joined): void {
    this.#forget(this.#membership.presence.get(message.client_id)?.slot);
    this.#forget(message.slot);
    this.#membership.joined(message);
    this.#schedule();
  }

  left(message: Left): void {
    this.#forget(this.#membership.presence.get(message.client_id)?.slot);
    this.#membership.left(message);
    this.#schedule();
  }

  arrived(): void {
    this.#membership.arrived();
    this.#schedule();
  }

  disconnected(): void {
    this.#sending.slot = undefined;
    this.#reception.clear();
    this.#handshake.disconnected();
    this.#membership.disconnected();
  }

  receive(frame: Bytes, wire_slot?: number): void {
    // Where timers are held back, as in hidden pages, what arrives is what we are run by.
    if (this.#clock.now() >= this.#alarm_at) this.tick();
    this.#reception.receive(frame, this.#sending.slot, wire_slot);
    // What is not sealed is of the handshake, and may have changed what is due.
    if ((frame[0]! & 1) === 0) this.#schedule();
  }

  send(frame: OutgoingFrame): void {
    this.#outgoing.send(frame);
  }

  tick(): void {
    const now = this.#clock.now();
    const { peers, presence } = this.#membership;
    this.#alarm_at = Infinity;
    this.#reception.tick(now);
    this.#handshake.tick();
    this.#membership.expire(now);
    this.#key_ring.tick();
    this.#troubles.tick(now);
    this.#sending.expire();
    this.#upkeep.tick(now);
    for (const client of presence.all) {
      if (now < client.hello_at || this.#membership.gate.isSealed(client)) continue;
      presence.greeted(client, now);
      this.#handshake.hailOne(client.slot, peers.ofClient(client.client_id)?.hello);
    }
    this.#membership.review();
    this.#schedule();
  }

  async bye(): Promise<void> {
    await this.#outgoing.run(() => this.#sending.control({ kind: 'bye' }, undefined));
  }

  safetyNumber(): Promise<string> {
    return this.#membership.safetyNumber();
  }

  invite(to: readonly string[], room_id: string, secret: Bytes): Promise<string[]> {
    return this.#moving.invite(to, room_id, secret);
  }

  close(): void {
    this.#events = SILENT;
    this.#handshake.disconnected();
    this.#membership.peers.close();
    this.#keys.erase();
    this.#key_ring.erase();
    this.#identity.erase();
    erase(this.#link.k_mac, this.#link.k_psk);
  }

  /** In turn. */
  async #give(peer: Peer): Promise<void> {
    await this.#key_ring.give(peer);
    this.#membership.review();
    this.#schedule();
  }

  /** In turn. */
  async #learn(peer: Peer, offer: KeyOffer): Promise<boolean> {
    const learning = await peer.inbox.learn(offer, this.#clock.now());
    if (learning === 'refused') return false;
    // One of before is for those who missed it, and nothing to others.
    if (learning === 'old') return true;
    peer.learned = true;
    this.#reception.welcome(peer);
    this.#membership.review();
    this.#schedule();
    return true;
  }

  #secured(welcome: Welcome): void {
    this.#events.secured(welcome);
    this.#outgoing.flush();
  }

  #forget(slot: number | undefined): void {
    if (slot === undefined) return;
    this.#handshake.forget(slot);
    this.#reception.forget(slot);
  }

  #schedule(): void {
    const { presence, gate } = this.#membership;
    const now = this.#clock.now();
    let due = Math.min(now + TICK_MS, this.#handshake.deadline, this.#key_ring.deadline);
    due = Math.min(due, gate.deadline, this.#upkeep.deadline);
    for (const client of presence.all) if (!gate.isSealed(client)) due = Math.min(due, client.hello_at);
    this.#wakeAt(this.#reception.hasEarly ? now : due);
  }

  #wakeAt(due: number): void {
    if (due >= this.#alarm_at) return;
    this.#alarm_at = due;
    this.#events.alarm(this.#clock.toSource(due));
  }
}
