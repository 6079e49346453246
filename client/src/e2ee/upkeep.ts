/** What members say to each other to stay together: heartbeats, requests for keys, and for what is missing. */
import { MAX_RESEND_RANGES, readControlBody } from './control-body.ts';
import type { ControlBody } from './control-body.ts';
import type { Bytes } from './bytes.ts';
import { LANE_OF_ALL } from './lanes.ts';
import { DISAGREE_MS, HEARTBEAT_MS, KEY_REQUEST_MS, RESEND_ANSWER_MS } from './limits.ts';
import type { Membership } from './membership.ts';
import type { Peer } from './peer.ts';
import type { Sending } from './sending.ts';

export interface UpkeepDeps {
  now: () => number;
  membership: Membership;
  sending: Sending;
  /** Gives our key to a member, in turn. */
  give: (peer: Peer) => void;
  /** Says HELLO to all. */
  hail: () => void;
  /** Says HELLO to a member, which then gives its key. */
  hailOne: (peer: Peer) => void;
  malformed: (peer: Peer) => void;
  /** A member invites us to another room. */
  invited: (peer: Peer, invitation: Bytes) => Promise<void>;
  /** Carries out what may fail when we are closed meanwhile. */
  run: (work: () => Promise<void> | void) => void;
}

export class Upkeep {
  readonly #deps: UpkeepDeps;
  #heartbeat_at: number;
  #hailed_at = -Infinity;

  constructor(deps: UpkeepDeps) {
    this.#deps = deps;
    this.#heartbeat_at = deps.now() + HEARTBEAT_MS;
  }

  /** A body of context 0 that was opened and came for the first time. */
  receive(peer: Peer, bytes: Bytes, lane: number): void {
    const body = readControlBody(bytes);
    if (body === undefined) this.#deps.malformed(peer);
    else this.#obey(peer, body, lane, this.#deps.now());
  }

  /** Asks for a key that a frame of this member needs, once a second. */
  requestKey(peer: Peer, kid: number): void {
    const { now, run, sending } = this.#deps;
    if (now() < peer.key_requested_at + KEY_REQUEST_MS) return;
    peer.key_requested_at = now();
    run(() => sending.control({ kind: 'key_request', kid }, peer));
  }

  /** A key did not come, though it was asked for: perhaps the member cannot read what we seal, either. */
  seekKey(peer: Peer): void {
    const { now, hailOne } = this.#deps;
    if (now() < peer.key_sought_at + KEY_REQUEST_MS) return;
    peer.key_sought_at = now();
    hailOne(peer);
  }

  /** Tells a member, or all, where our lanes stand and whom we know. */
  async heartbeat(to: Peer | undefined): Promise<void> {
    const { membership, sending } = this.#deps;
    const roster = await membership.agreement.own();
    if (to !== undefined && !membership.peers.has(to)) return;
    const spans = to === undefined ? { all: sending.spans(), own: undefined } : sending.spansFor(to.id);
    await sending.control({ kind: 'heartbeat', roster, ...spans }, to);
  }

  tick(now: number): void {
    const { membership, sending, run } = this.#deps;
    for (const peer of membership.peers.all) {
      peer.inbox.expireKeys(now);
      // While a member is away it cannot send again what is missing.
      if (peer.slot === undefined) continue;
      for (const { context, lane, ranges } of peer.inbox.gaps(now)) {
        const asked = ranges.slice(0, MAX_RESEND_RANGES);
        run(() => sending.control({ kind: 'resend', context, lane, ranges: asked }, peer));
      }
      peer.inbox.expire(now);
    }
    if (now >= this.#heartbeat_at) this.#beat(now);
  }

  /** When the next heartbeat is due, or a member's inbox has something to do. */
  get deadline(): number {
    let due = this.#heartbeat_at;
    for (const { slot, inbox } of this.#deps.membership.peers.all) {
      if (slot !== undefined) due = Math.min(due, inbox.deadline);
    }
    return due;
  }

  #beat(now: number): void {
    const { membership, sending, run, hail } = this.#deps;
    this.#heartbeat_at = now + HEARTBEAT_MS;
    if (sending.slot === undefined || membership.peers.size === 0) return;
    run(() => this.heartbeat(undefined));
    for (const peer of membership.peers.all) {
      if (peer.slot !== undefined && sending.keepsFor(peer.id)) run(() => this.heartbeat(peer));
    }
    // Perhaps somebody missed our HELLO: those who are hidden from each other by the relay cannot be helped.
    const disagrees = [...membership.peers.all].some((peer) => membership.agreement.disagrees(peer, now));
    if (!disagrees || now < this.#hailed_at + DISAGREE_MS) return;
    this.#hailed_at = now;
    hail();
  }

  #obey(peer: Peer, body: ControlBody, lane: number, now: number): void {
    const { membership, sending, give, invited, run } = this.#deps;
    switch (body.kind) {
      case 'bye': {
        const client = membership.presence.get(peer.client_id);
        // Once: who says it over and over is here all the same.
        if (client !== undefined) client.left_at ??= now;
        membership.leave(peer);
        membership.review();
        return;
      }
      case 'heartbeat':
        // What is said to one member is said in its lane, and only there.
        if ((body.own === undefined) !== (lane === LANE_OF_ALL)) return;
        membership.heard(peer, body.own !== undefined);
        if (body.own === undefined) peer.inbox.goesTo(body.all, now);
        else peer.inbox.begins(body.all, { lane, spans: body.own }, now);
        void membership.agreement.heard(peer, body.roster, now);
        return;
      case 'key_request':
        give(peer);
        return;
      case 'resend': {
        // Each by itself: a member that misses something of several asks for all of them at once.
        const asked = `${body.context} ${body.lane === LANE_OF_ALL}`;
        if (now < (peer.resent_at.get(asked) ?? -Infinity) + RESEND_ANSWER_MS) return;
        peer.resent_at.set(asked, now);
        run(() => sending.resend(peer, body.context, body.lane, body.ranges));
        return;
      }
      case 'kept':
        peer.inbox.isKept(body, now);
        return;
      case 'move':
        run(() => invited(peer, body.invitation));
        return;
    }
  }
}
