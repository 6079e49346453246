/** What the clients of a load share, and what each has of a page. */
import type { Socket } from '../../../client/src/platform.ts';
import type { Random } from '../../../shared/ports/random.ts';
import type { Ledger } from './ledger.ts';
import type { Member } from './member.ts';

export interface MemberWorld {
  router: string;
  fetch: typeof fetch;
  random: Random;
  ledger: Ledger;
  /** How long the deployment keeps a new seat, and one whose socket broke, ms. */
  connect_timeout_ms: number;
  resume_grace_ms: number;
  /** All who are in some room now. */
  members: Set<Member>;
  /** What a client is made to hear of a message, in a run that is to fail. */
  tamper: ((text: string, sealed: boolean) => string[]) | undefined;
}

/** A page, from the moment it asks for its seat until it is gone. */
export interface Page {
  /** It opens no socket and asks for nothing any more. */
  gone: boolean;
  /** Its last one. While a room moves there are two. */
  sockets: Set<Socket>;
}
