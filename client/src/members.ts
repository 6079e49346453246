import type { Left, Peer } from '../../shared/protocol/control.ts';
import { Away } from './away.ts';
import type { Member } from './types.ts';

/** What a message of the relay changed about who is here. */
export type Change =
  | { event: 'joined'; value: Member }
  | { event: 'left'; value: { readonly client_id: string; readonly gone: boolean } };

const joined = (client_id: string): Change => ({ event: 'joined', value: { client_id, sealed: false } });
const left = (client_id: string, gone: boolean): Change => ({ event: 'left', value: { client_id, gone } });

/**
 * The other clients by id, each with its slot of the present connection. Clients whose connection broke are remembered
 * as away, so that their leaving for good can be told: when the relay says so, or, as it may not (we were away ourselves at
 * that moment), once they have been away for too long.
 */
export class Members {
  readonly #own_id: string;
  readonly #slots = new Map<string, number>();
  readonly #ids = new Map<number, string>();
  readonly #away: Away;
  #list: readonly Member[] = [];

  /** `overdue`: hears of each that has been away for too long. */
  constructor(own_id: string, overdue: (change: Change) => void) {
    this.#own_id = own_id;
    this.#away = new Away((client_id) => overdue(left(client_id, true)));
  }

  /** Those who are connected now, in the order in which they came. The array is a new one after each change. */
  get list(): readonly Member[] {
    return this.#list;
  }

  slotOf(client_id: string): number | undefined {
    return this.#slots.get(client_id);
  }

  idOf(slot: number): string | undefined {
    return this.#ids.get(slot);
  }

  /**
   * Takes over the list of a welcome. All slots are new. Whoever is missing was not seen leaving for good, and others
   * reconnect at other moments than we: so it is away, not gone. `away_ms`: how long one may be away from now on.
   */
  welcome(peers: readonly Peer[], away_ms: number): Change[] {
    const before = [...this.#slots.keys()];
    this.#slots.clear();
    this.#ids.clear();
    for (const { client_id, slot } of peers) {
      if (client_id === this.#own_id) continue;
      this.#slots.set(client_id, slot);
      this.#ids.set(slot, client_id);
    }
    const here = [...this.#slots.keys()];
    const known = new Set(before);
    const missing = before.filter((id) => !this.#slots.has(id));
    for (const id of missing) this.#away.add(id);
    for (const id of here) this.#away.delete(id);
    this.#away.watch(away_ms);
    this.#relist();
    return [
      ...missing.map((id) => left(id, false)),
      ...here.filter((id) => !known.has(id)).map((id) => joined(id)),
    ];
  }

  /** Our own connection broke, or the room is over: until the next welcome nobody is away for too long. */
  pause(): void {
    this.#away.pause();
  }

  /** A socket opened. Of a client that is here already (it was replaced) only the slot is new. */
  joined({ client_id, slot }: Peer): Change[] {
    if (client_id === this.#own_id) return [];
    const known = this.#slots.get(client_id);
    if (known !== undefined) this.#ids.delete(known);
    this.#slots.set(client_id, slot);
    this.#ids.set(slot, client_id);
    this.#away.delete(client_id);
    if (known !== undefined) return [];
    this.#relist();
    return [joined(client_id)];
  }

  /** A socket closed; `gone`: for good, which may also be told of a client that is away. */
  left(client_id: string, reason: Left['reason']): Change[] {
    const gone = reason === 'gone';
    const slot = this.#slots.get(client_id);
    if (slot === undefined) return gone && this.#away.delete(client_id) ? [left(client_id, true)] : [];
    this.#slots.delete(client_id);
    this.#ids.delete(slot);
    if (!gone) this.#away.add(client_id);
    this.#relist();
    return [left(client_id, gone)];
  }

  #relist(): void {
    this.#list = [...this.#slots.keys()].map((client_id) => ({ client_id, sealed: false }));
  }
}
