/**
 * Who is connected, by the word of the relay, and what of it was told: a newcomer is told when it is sealed, so that what the
 * application says to it then can be read; or when its time to become so is over.
 */
import type { Joined, Left, Peer, Welcome } from '../../../shared/protocol/control.ts';
import { HELLO_MS, SECURING_MS } from './limits.ts';

export interface Present {
  readonly client_id: string;
  slot: number;
  /** When it came, or when we did. */
  since: number;
  /** The application knows of it. */
  told: boolean;
  /** When it said that it leaves. */
  left_at: number | undefined;
  /** When it is to be sent a HELLO anew, unless it is sealed by then; and after how much longer once more. */
  hello_at: number;
  hello_after: number;
}

/** The longest time between two HELLOs to somebody who does not become sealed, ms. */
const LONGEST_HELLO_MS = 10_000;

export class Presence {
  readonly #clients = new Map<string, Present>();
  readonly #slots = new Map<number, Present>();
  /** When those came whose connection broke, and who may be back. */
  readonly #came = new Map<string, number>();

  /** In the order in which they came. */
  get all(): IterableIterator<Present> {
    return this.#clients.values();
  }

  get size(): number {
    return this.#clients.size;
  }

  get(client_id: string): Present | undefined {
    return this.#clients.get(client_id);
  }

  at(slot: number): Present | undefined {
    return this.#slots.get(slot);
  }

  /** The list of a welcome. All slots are new, and nobody was told. */
  welcome({ clients, slot }: Welcome, now: number): void {
    this.clear();
    for (const peer of clients) if (peer.slot !== slot) this.#add(peer, now);
  }

  /**
   * A socket opened. Of a client that is here already only the slot is new. `is_member`: it was sealed before, and has its time
   * to become so once more. Others do not win time by coming back.
   */
  joined(peer: Joined, is_member: boolean, now: number): void {
    const { client_id } = peer;
    if (is_member) this.#came.delete(client_id);
    const known = this.#clients.get(client_id);
    if (known === undefined) {
      this.#add(peer, now);
      return;
    }
    this.#vacate(known);
    known.slot = peer.slot;
    if (is_member) known.since = now;
    known.left_at = undefined;
    this.#slots.set(peer.slot, known);
    this.#greet(known, now);
  }

  /** A socket closed. What was known of the client; undefined if it was not here. */
  left({ client_id, reason }: Left): Present | undefined {
    const known = this.#clients.get(client_id);
    if (reason === 'gone') this.#came.delete(client_id);
    if (known === undefined) return undefined;
    if (reason === 'resuming') this.#came.set(client_id, known.since);
    this.#clients.delete(client_id);
    this.#vacate(known);
    return known;
  }

  clear(): void {
    this.#clients.clear();
    this.#slots.clear();
    this.#came.clear();
  }

  /** Whether the time to become sealed is over. */
  isOverdue({ since }: Present, now: number): boolean {
    return now >= since + SECURING_MS;
  }

  /** Whether it said that it leaves, and may just not have been able to: whoever stays longer is one that is not sealed. */
  isLeaving({ left_at }: Present, now: number): boolean {
    return left_at !== undefined && now < left_at + SECURING_MS;
  }

  /** A HELLO goes to this client now: when the next is due. */
  greeted(client: Present, now: number): void {
    client.hello_at = now + client.hello_after;
    client.hello_after = Math.min(2 * client.hello_after, LONGEST_HELLO_MS);
  }

  #add({ client_id, slot }: Peer, now: number): void {
    const client = {
      client_id,
      slot,
      since: this.#came.get(client_id) ?? now,
      told: false,
      left_at: undefined,
      hello_at: 0,
      hello_after: HELLO_MS,
    };
    this.#greet(client, now);
    const before = this.#clients.get(client_id);
    if (before !== undefined) this.#vacate(before);
    this.#clients.set(client_id, client);
    this.#slots.set(slot, client);
  }

  /** A relay may have given the slot to another meanwhile. */
  #vacate(client: Present): void {
    if (this.#slots.get(client.slot) === client) this.#slots.delete(client.slot);
  }

  #greet(client: Present, now: number): void {
    client.hello_after = HELLO_MS;
    this.greeted(client, now);
  }
}
