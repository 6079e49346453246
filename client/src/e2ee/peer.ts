/** One other member: somebody who proved, live, to have the link and the private key of its identity. */
import { erase, toBase64Url } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { CryptoPort } from './crypto-port.ts';
import type { Hello } from './hello.ts';
import { Inbox } from './inbox.ts';
import type { InboxEvents, PastInbox } from './inbox.ts';

/** The name of an identity in maps. */
export const nameOf = (id: Bytes): string => toBase64Url(id);

export interface PeerSettings {
  room: Bytes;
  own_id: Bytes;
  client_id: string;
  /** Its proven HELLO. */
  hello: Hello;
  /** box.before with it. */
  shared: Bytes;
  past: PastInbox | undefined;
}

export class Peer {
  readonly name: string;
  readonly id: Bytes;
  readonly id_pk: Bytes;
  /** Pinned: an identity is one client for as long as it is known. */
  readonly client_id: string;
  readonly inbox: Inbox;
  /** box.before; undefined once it is overwritten: zeros are a secret that everybody knows. */
  shared: Bytes | undefined;
  /** The latest that was proven. */
  hello: Hello;
  /** At the relay; undefined while it is away. */
  slot: number | undefined;
  /** When it last proved to be there, by a heartbeat. */
  heard_at: number;
  /** Its key was learned. */
  learned = false;
  /**
   * It told us, signed and new, where its lanes begin: what is missing from there on is noticed. (A KEY of before it left may
   * be played again, and is no sign of it.)
   */
  spoke = false;
  /** The generation of our key from which on it was given ours; undefined: it was not. */
  entitled_from: number | undefined;
  /** It was given a key that is not in use yet: when that is, it has to be told where our lanes begin. */
  begins_later = false;
  /** When it was given our key for the nonces of now; undefined: it was not. */
  given_at: number | undefined;
  key_requested_at = -Infinity;
  key_sought_at = -Infinity;
  /** When it was sent again what it misses: by context, and in it of lane 0 or of its own. */
  readonly resent_at = new Map<string, number>();
  /** Since when its heartbeats name other members than ours. */
  disagrees_since: number | undefined;

  constructor(crypto: CryptoPort, settings: PeerSettings, now: number, events: InboxEvents) {
    const { room, own_id, client_id, hello, shared, past } = settings;
    this.name = nameOf(hello.id);
    this.id = hello.id;
    this.id_pk = hello.id_pk;
    this.client_id = client_id;
    this.hello = hello;
    this.shared = shared;
    this.heard_at = now;
    this.inbox = new Inbox(crypto, { room, sender: hello, own_id, past }, events);
  }

  /** It left: what we share with it is overwritten. */
  forget(): void {
    if (this.shared !== undefined) erase(this.shared);
    this.shared = undefined;
  }

  /** Both have the key of the other. */
  get agreed(): boolean {
    return this.learned && this.entitled_from !== undefined;
  }

  /** And it is there to read what we say: a heartbeat follows each KEY. */
  get sealed(): boolean {
    return this.agreed && this.spoke;
  }
}
