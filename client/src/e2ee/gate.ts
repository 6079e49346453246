/** What the application is told of the others, and when: not before they are sealed, or the time for that is over. */
import type { Joined, Left, Welcome } from '../../../shared/protocol/control.ts';
import type { ChannelEvents, Standing } from './channel.ts';
import { SECURING_MS } from './limits.ts';
import type { Peers } from './peers.ts';
import type { Presence, Present } from './presence.ts';

export type GateEvents = Pick<ChannelEvents, 'secured' | 'joined' | 'left' | 'standing'>;

export class Gate {
  readonly #presence: Presence;
  readonly #peers: Peers;
  readonly #events: GateEvents;
  /** The welcome of this connection that was not passed on yet. */
  #welcome: Welcome | undefined;
  #is_open = false;
  /** When it is passed on at the latest: whoever comes meanwhile does not put that off. */
  #opens_at = Infinity;
  #connected = false;
  /** As it was told last for this connection. */
  #standing: Standing | undefined;

  constructor(presence: Presence, peers: Peers, events: GateEvents) {
    this.#presence = presence;
    this.#peers = peers;
    this.#events = events;
  }

  /**
   * Whether the latest welcome is passed on, so that what is sent now reaches all who were there. It stays so while the
   * connection is broken: then what is sent is kept.
   */
  get isOpen(): boolean {
    return this.#is_open;
  }

  connected(welcome: Welcome, now: number): void {
    this.#welcome = welcome;
    this.#is_open = false;
    this.#opens_at = now + SECURING_MS;
    this.#connected = true;
    this.#standing = undefined;
  }

  disconnected(): void {
    this.#welcome = undefined;
    this.#connected = false;
  }

  isSealed({ client_id, slot }: Present): boolean {
    const peer = this.#peers.ofClient(client_id);
    return peer !== undefined && peer.sealed && peer.slot === slot;
  }

  /** Tells of a leave, unless nobody was told that the client came. */
  left(message: Left, present: Present | undefined): void {
    if (present?.told !== false && this.isOpen) this.#events.left(message);
  }

  /** A client has another identity: whoever it was is away, and it is told of anew once it is sealed. */
  replaced(client: Present, now: number): void {
    const { client_id, slot, told } = client;
    if (!told) return;
    client.told = false;
    client.since = now;
    if (this.isOpen) this.#events.left({ type: 'left', client_id, slot, reason: 'resuming' });
  }

  /** Tells what changed. `disagrees`: whether a member is known to name others than we do. */
  review(now: number, disagrees: (client_id: string) => boolean): void {
    const ready = (client: Present): boolean =>
      this.isSealed(client) || this.#presence.isOverdue(client, now);
    const all = [...this.#presence.all];
    // First, so that who is told of somebody can say how it stands with them. Without a connection nobody is here.
    if (this.#connected) this.#compare(all, now, disagrees);
    if (this.#welcome !== undefined && (all.every(ready) || now >= this.#opens_at)) {
      this.#open(this.#welcome, all.filter(ready));
    }
    if (this.isOpen) {
      for (const client of all) {
        if (!client.told && ready(client)) this.#tell(client);
      }
    }
  }

  /** When the time to become sealed is over, for all of the welcome or for one who came later. */
  get deadline(): number {
    if (this.#welcome !== undefined) return this.#opens_at;
    let due = Infinity;
    for (const client of this.#presence.all) {
      if (!client.told) due = Math.min(due, client.since + SECURING_MS);
    }
    return due;
  }

  #open(welcome: Welcome, ready: readonly Present[]): void {
    this.#welcome = undefined;
    this.#is_open = true;
    for (const client of ready) client.told = true;
    this.#events.secured({
      ...welcome,
      clients: ready.map(({ client_id, slot }) => ({ client_id, slot })),
    });
  }

  #tell(client: Present): void {
    client.told = true;
    const { client_id, slot } = client;
    this.#events.joined({ type: 'joined', client_id, slot } satisfies Joined);
  }

  #compare(all: readonly Present[], now: number, disagrees: (client_id: string) => boolean): void {
    const standing = { sealed: [], securing: [], unsealed: [], disagreeing: [] } as Record<
      keyof Standing,
      string[]
    >;
    for (const client of all) {
      const { client_id } = client;
      if (this.#presence.isLeaving(client, now)) continue;
      if (!this.isSealed(client)) {
        // Of who has our key, and does not speak, nobody can say that it reads nothing.
        const may_read = this.#peers.ofClient(client_id)?.entitled_from !== undefined;
        standing[this.#presence.isOverdue(client, now) && !may_read ? 'unsealed' : 'securing'].push(
          client_id,
        );
        continue;
      }
      standing.sealed.push(client_id);
      if (disagrees(client_id)) standing.disagreeing.push(client_id);
    }
    if (JSON.stringify(standing) === JSON.stringify(this.#standing)) return;
    this.#standing = standing;
    this.#events.standing(standing);
  }
}
