import type { Left, Peer } from '../../shared/protocol/control.ts';
import { Away } from './away.ts';
import type { Member } from './types.ts';

/** What a message of the relay changed about who is here. */
export type Change =
  | { event: 'joined'; value: Member }
  | { event: 'left'; value: { readonly client_id: string; readonly gone: boolean } };

const left = (client_id: string, gone: boolean): Change => ({ event: 'left', value: { client_id, gone } });

/**
 * The other clients who are connected. Clients whose connection broke are remembered as away, so that their leaving for good
 * can be told: when the relay says so, or, as it may not (we were away ourselves at that moment), once they have been away for
 * too long.
 */
export class Members {
  readonly #own_id: string;
  readonly #away: Away;
  #list: readonly Member[] = [];
  #sealed: ReadonlySet<string> = new Set();

  /** `overdue`: hears of each that has been away for too long. */
  constructor(own_id: string, overdue: (change: Change) => void) {
    this.#own_id = own_id;
    this.#away = new Away((client_id) => overdue(left(client_id, true)));
  }

  /** Those who are connected now, in the order in which they came. The array is a new one after each change. */
  get list(): readonly Member[] {
    return this.#list;
  }

  find(client_id: string): Member | undefined {
    return this.#list.find((member) => member.client_id === client_id);
  }

  /** Who is sealed, also among those who will come. */
  seal(sealed: readonly string[]): void {
    this.#sealed = new Set(sealed);
    if (this.#list.some((member) => member.sealed !== this.#sealed.has(member.client_id))) {
      this.#relist(this.#list.map(({ client_id }) => client_id));
    }
  }

  /**
   * Takes over the list of a welcome. Whoever is missing was not seen leaving for good, and others reconnect at other moments
   * than we: so it is away, not gone. `away_ms`: how long one may be away from now on.
   */
  welcome(peers: readonly Peer[], away_ms: number): Change[] {
    const before = new Set(this.#list.map(({ client_id }) => client_id));
    const here = new Set(peers.map(({ client_id }) => client_id));
    here.delete(this.#own_id);
    const missing = [...before].filter((id) => !here.has(id));
    for (const id of missing) this.#away.add(id);
    for (const id of here) this.#away.delete(id);
    this.#away.watch(away_ms);
    this.#relist([...here]);
    return [
      ...missing.map((id) => left(id, false)),
      ...this.#list
        .filter(({ client_id }) => !before.has(client_id))
        .map((value): Change => ({ event: 'joined', value })),
    ];
  }

  /** Our own connection broke, or the room is over: until the next welcome nobody is away for too long. */
  pause(): void {
    this.#away.pause();
  }

  /** A socket opened, perhaps of a client that is here already: then it was replaced. */
  joined(client_id: string): Change[] {
    if (client_id === this.#own_id) return [];
    this.#away.delete(client_id);
    if (this.find(client_id) !== undefined) return [];
    const value = { client_id, sealed: this.#sealed.has(client_id) };
    this.#list = [...this.#list, value];
    return [{ event: 'joined', value }];
  }

  /** A socket closed; `gone`: for good, which may also be told of a client that is away. */
  left(client_id: string, reason: Left['reason']): Change[] {
    const gone = reason === 'gone';
    if (this.find(client_id) === undefined) {
      return gone && this.#away.delete(client_id) ? [left(client_id, true)] : [];
    }
    this.#list = this.#list.filter((member) => member.client_id !== client_id);
    if (!gone) this.#away.add(client_id);
    return [left(client_id, gone)];
  }

  #relist(ids: readonly string[]): void {
    this.#list = ids.map((client_id) => ({ client_id, sealed: this.#sealed.has(client_id) }));
  }
}
