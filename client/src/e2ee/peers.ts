/** The members that we know, oneself apart: found by identity and by client id. Those who left leave a mark. */
import type { Bytes } from './bytes.ts';
import type { PastInbox } from './inbox.ts';
import type { Peer } from './peer.ts';
import { nameOf } from './peer.ts';

export class Peers {
  readonly #by_name = new Map<string, Peer>();
  readonly #by_client = new Map<string, Peer>();
  /** In the order in which they left. */
  readonly #past = new Map<string, PastInbox>();
  readonly #max_past: number;

  /** `max_past`: how many of those who left are remembered. */
  constructor(max_past: number) {
    this.#max_past = max_past;
  }

  get all(): IterableIterator<Peer> {
    return this.#by_name.values();
  }

  get size(): number {
    return this.#by_name.size;
  }

  withId(id: Bytes): Peer | undefined {
    return this.#by_name.get(nameOf(id));
  }

  ofClient(client_id: string): Peer | undefined {
    return this.#by_client.get(client_id);
  }

  /** Whether it is still one of them: for those who waited meanwhile. */
  has(peer: Peer): boolean {
    return this.#by_name.get(peer.name) === peer;
  }

  pastOf(id: Bytes): PastInbox | undefined {
    return this.#past.get(nameOf(id));
  }

  add(peer: Peer): void {
    this.#past.delete(peer.name);
    this.#by_name.set(peer.name, peer);
    this.#by_client.set(peer.client_id, peer);
  }

  /** It left: its keys are overwritten. False if others that left before are not remembered any more. */
  remove(peer: Peer, now: number): boolean {
    this.#by_name.delete(peer.name);
    if (this.#by_client.get(peer.client_id) === peer) this.#by_client.delete(peer.client_id);
    this.#past.set(peer.name, peer.inbox.retire(now));
    peer.forget();
    if (this.#past.size <= this.#max_past) return true;
    // Half of them at once, for that has its price.
    for (const name of this.#past.keys()) {
      if (this.#past.size <= this.#max_past / 2) break;
      this.#past.delete(name);
    }
    return false;
  }

  /** Overwrites all keys. */
  close(): void {
    for (const peer of this.all) {
      peer.inbox.close();
      peer.forget();
    }
    this.#by_name.clear();
    this.#by_client.clear();
  }
}
