/**
 * How members come to know each other: HELLO and KEY. Whoever is new says HELLO to all; each answers with a HELLO that echoes
 * its nonce, which proves that to be live; it sends its KEY, and opening that proves the newcomer.
 */
import { payloadOf, TO_ALL } from '../../../shared/protocol/frame.ts';
import { Serial } from './awaitable.ts';
import { equalBytes, erase } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { Route, UnreadableReason } from './channel.ts';
import { randomBytes } from './crypto-port.ts';
import type { CryptoPort, FillRandom } from './crypto-port.ts';
import { forgetShared, HandshakeSlots } from './handshake-slots.ts';
import type { Candidate, Slot } from './handshake-slots.ts';
import { HELLO, HELLO_BYTES, NO_ECHO, NONCE16_BYTES, readHello, slotOf, writeHello } from './hello.ts';
import type { Hello } from './hello.ts';
import type { Identity } from './identity.ts';
import { KEY, pairKey, sealKey } from './key-message.ts';
import { KeyOpener } from './key-opener.ts';
import type { KeyOffer } from './base-key.ts';
import { HELLO_MS } from './limits.ts';
import type { LinkKeys } from './link.ts';
import type { Peer } from './peer.ts';

const ECHO_AT = 86;

export interface HandshakeDeps {
  crypto: CryptoPort;
  fill: FillRandom;
  link: LinkKeys;
  identity: Identity;
  now: () => number;
  /** Sends to a slot, or to all. */
  send: (payload: Bytes, to: number, via?: number) => void;
  /** See `ChannelEvents`. */
  routes: (to: number) => readonly Route[] | undefined;
  /** Client id of whoever has a slot. */
  clientAt: (slot: number) => string | undefined;
  /** The member with this identity, or that is this client, if it is known. */
  peerWith: (id: Bytes) => Peer | undefined;
  peerOf: (client_id: string) => Peer | undefined;
  /**
   * The HELLO of this client was proven to be live: the member, old or new. `why` it is refused where it cannot be one.
   * `shared`: box.before, which the member keeps.
   */
  prove: (client_id: string, hello: Hello, shared: Bytes) => Peer | { refused: UnreadableReason };
  /** Learns what a member told. */
  learn: (peer: Peer, offer: KeyOffer) => Promise<boolean>;
  /** Gives our key to a member that is proven. Called in turn: it may take its time. */
  give: (peer: Peer) => Promise<void>;
  refused: (client_id: string, reason: UnreadableReason) => void;
  /** A step failed: as it may when all was erased meanwhile. */
  failed: (error: unknown) => void;
}

/** Where a message came from: `entry` is of the slot's connection of then. */
interface Origin {
  slot: number;
  entry: Slot;
  client_id: string;
}

export class Handshake {
  readonly #deps: HandshakeDeps;
  /** One step after the other: each finds things as the last one left them. */
  readonly #turns = new Serial();
  readonly #slots = new HandshakeSlots();
  readonly #opener: KeyOpener;
  /** Of our connection; undefined while there is none. */
  #nonce: Bytes | undefined;
  /** Of the connection before. */
  #former_nonce: Bytes | undefined;
  #own_slot = 0;

  constructor(deps: HandshakeDeps) {
    this.#deps = deps;
    this.#opener = new KeyOpener(deps);
  }

  /** We are connected anew: all that was said before is void. */
  connected(own_slot: number): void {
    this.disconnected();
    this.#own_slot = own_slot;
    this.#nonce = randomBytes(this.#deps.fill, NONCE16_BYTES);
  }

  /** Nothing that was said to us before is to prove anything: for the others it is as if we were connected anew. */
  renew(): void {
    if (this.#nonce === undefined) return;
    this.connected(this.#own_slot);
    this.hail();
  }

  disconnected(): void {
    this.#slots.clear();
    this.#former_nonce = this.#nonce ?? this.#former_nonce;
    this.#nonce = undefined;
  }

  /** Another client has the slot from now on, or nobody. */
  forget(slot: number): void {
    this.#slots.forget(slot);
  }

  /** Runs `task` after all that came before. */
  inTurn(task: () => Promise<void>): void {
    Promise.resolve(this.#turns.run(task)).catch(this.#deps.failed);
  }

  /** Says HELLO to all. */
  hail(): void {
    this.inTurn(() => this.#sayHello(TO_ALL, NO_ECHO));
  }

  /** Says HELLO to one that does not become sealed; with what we know of it. */
  hailOne(slot: number, known: Hello | undefined): void {
    const echo = known?.nonce ?? this.#slots.candidateAt(slot)?.hello.nonce ?? NO_ECHO;
    this.inTurn(() => this.#sayHello(slot, echo));
  }

  /** The identity that says to have a slot, where it is not proven. */
  candidateAt(slot: number): Hello | undefined {
    return this.#slots.candidateAt(slot)?.hello;
  }

  /** Whether what a member proved is the latest that its slot said: otherwise it could not open what is sealed to that. */
  knowsLatestOf({ slot, hello }: Peer): boolean {
    const latest = slot === undefined ? undefined : this.candidateAt(slot);
    return latest === undefined || equalBytes(latest.nonce, hello.nonce);
  }

  /** An unsealed frame of class CTRL that came from `slot`. `wire_slot`: at the relay, where that is another. */
  receive(slot: number, frame: Bytes, wire_slot = slot): void {
    const client_id = this.#deps.clientAt(slot);
    if (client_id === undefined) return;
    if (!this.#slots.mayLook(slot, this.#deps.now())) return;
    const payload = payloadOf(frame);
    if (payload[0] === HELLO) {
      // What it says of its slot is verified with the rest of it, later.
      if (payload.length === HELLO_BYTES && slotOf(payload) === wire_slot) {
        this.#hello(slot, client_id, payload);
      } else {
        this.#deps.refused(client_id, 'hello');
      }
    } else if (payload[0] === KEY) {
      const entry = this.#slots.at(slot);
      this.inTurn(() => this.#takeKey({ slot, entry, client_id }, payload));
    } else this.#deps.refused(client_id, 'not_sealed');
  }

  /** A KEY to a member for each of the offers, which are overwritten; none if there is no connection. */
  async sealKeys(peer: Peer, offers: readonly KeyOffer[]): Promise<Bytes[]> {
    const { crypto, fill, link, identity } = this.#deps;
    const nonce = this.#nonce;
    const payloads: Bytes[] = [];
    if (nonce !== undefined && peer.shared !== undefined) {
      const from = { id: identity.id, nonce };
      const pair = await pairKey(crypto, link, peer.shared, from, { id: peer.id, nonce: peer.hello.nonce });
      payloads.push(...offers.map((offer) => sealKey(fill, pair, offer)));
      erase(pair);
    }
    for (const { base_key } of offers) erase(base_key);
    return payloads;
  }

  /** Answers what had to wait. To be called when {@link Handshake.deadline} has come. */
  tick(): void {
    for (const { slot, waiting } of this.#slots.due(this.#deps.now())) {
      const client_id = this.#deps.clientAt(slot);
      if (client_id !== undefined) this.#hello(slot, client_id, waiting);
    }
  }

  get deadline(): number {
    return this.#slots.deadline;
  }

  async #sayHello(to: number, echo: Bytes): Promise<void> {
    const nonce = this.#nonce;
    if (nonce === undefined) return;
    const { crypto, link, identity, routes, send } = this.#deps;
    for (const { slot, line } of routes(to) ?? [{ slot: this.#own_slot, line: undefined }]) {
      const payload = await writeHello(crypto, link, identity, { slot, nonce, echo });
      if (this.#nonce !== nonce) return;
      send(payload, to, line);
    }
  }

  /** Whether a HELLO echoes the nonce of our connection. It says nothing before the HELLO is verified. */
  #echoes(payload: Bytes): boolean {
    const nonce = this.#nonce;
    return nonce !== undefined && equalBytes(payload.subarray(ECHO_AT, ECHO_AT + NONCE16_BYTES), nonce);
  }

  #hello(slot: number, client_id: string, payload: Bytes): void {
    const entry = this.#slots.at(slot);
    // One that answers ours is not counted, for it may come right behind the other's own; it costs no answer.
    if (!this.#echoes(payload)) {
      if (this.#deps.now() < entry.answered_at + HELLO_MS) {
        entry.waiting = payload;
        return;
      }
      entry.answered_at = this.#deps.now();
    }
    this.inTurn(() => this.#takeHello({ slot, entry, client_id }, payload));
  }

  /** Whether what came from there still counts: its connection is the same, and so is ours. */
  #stands({ slot, entry }: Origin): boolean {
    return this.#slots.get(slot) === entry;
  }

  async #takeHello(origin: Origin, payload: Bytes): Promise<void> {
    const { crypto, link, identity } = this.#deps;
    const { slot, entry, client_id } = origin;
    if (!this.#stands(origin)) return;
    const reading = await readHello(crypto, link, payload);
    if (!this.#stands(origin)) return;
    const is_own = reading.kind === 'hello' && equalBytes(reading.hello.id, identity.id);
    if (reading.kind === 'refused' || is_own) {
      this.#deps.refused(client_id, 'hello');
      return;
    }
    const { hello } = reading;
    // A repetition keeps the work that was done for the first.
    const same = entry.candidate !== undefined && equalBytes(entry.candidate.hello.nonce, hello.nonce);
    if (!same) forgetShared(entry.candidate);
    entry.candidate = { hello, shared: entry.candidate?.shared };
    if (!this.#echoes(payload)) {
      await this.#sayHello(slot, hello.nonce);
      return;
    }
    const peer = this.#proven(client_id, entry.candidate);
    if (peer !== undefined) await this.#deps.give(peer);
  }

  #proven(client_id: string, candidate: Candidate): Peer | undefined {
    const shared = this.#opener.sharedWith(candidate);
    if (shared === undefined) {
      this.#deps.refused(client_id, 'hello');
      return undefined;
    }
    const outcome = this.#deps.prove(client_id, candidate.hello, shared.slice());
    if (!('refused' in outcome)) return outcome;
    this.#deps.refused(client_id, outcome.refused);
    return undefined;
  }

  /** A KEY opens under the nonces of a HELLO that we know; if it does, that HELLO is live. */
  async #takeKey(origin: Origin, payload: Bytes): Promise<void> {
    const { entry, client_id } = origin;
    const nonce = this.#nonce;
    if (nonce === undefined || !this.#stands(origin)) return;
    const candidates = this.#opener.candidates(entry, client_id);
    for (const candidate of candidates) {
      const offer = await this.#opener.open(candidate, payload, nonce);
      if (offer !== undefined && this.#stands(origin)) await this.#takeOffer(client_id, candidate, offer);
      if (candidate !== entry.candidate) forgetShared(candidate);
      if (offer === undefined) continue;
      erase(offer.base_key);
      return;
    }
    const is_untimely = await this.#opener.isUntimely(entry, candidates, payload, this.#former_nonce);
    if (!is_untimely && this.#stands(origin)) this.#deps.refused(client_id, 'key');
  }

  async #takeOffer(client_id: string, candidate: Candidate, offer: KeyOffer): Promise<void> {
    const peer = this.#proven(client_id, candidate);
    if (peer === undefined) return;
    if (!(await this.#deps.learn(peer, offer))) this.#deps.refused(client_id, 'key');
    else if (peer.given_at === undefined) await this.#deps.give(peer);
  }
}
