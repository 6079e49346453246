/**
 * Addresses of the page: `/`, and `/r/<room_id>#<secret>`. The secret is the key of the room. It stands in the fragment,
 * which browsers send to nobody, and is kept nowhere else.
 */
import { parseLink } from '@anteroom/client';
import { ROOM_ID } from '../../shared/protocol/subprotocol.ts';

/** What is wrong with the fragment of a link: it has none; it is too short; it is too long, or has other characters. */
export type KeyFault = 'missing' | 'cut' | 'wrong';

export type Route =
  | { kind: 'home' }
  /** `link`: whole, with its secret. */
  | { kind: 'room'; room_id: string; link: string }
  /** A room is named, but nobody can enter it by this. */
  | { kind: 'keyless'; room_id: string; fault: KeyFault }
  | { kind: 'unknown' };

/** What somebody typed or pasted to be let in. `number`: a room number alone; `elsewhere`: a link to another host. */
export type Invite =
  | { kind: 'link'; room_id: string; link: string }
  | { kind: 'refused'; fault: KeyFault | 'number' | 'elsewhere' | 'none' };

/** What this page reads of `location`, or of a `URL`. */
export interface Address {
  origin: string;
  pathname: string;
  hash: string;
}

/** Characters of a secret in base64url. */
const SECRET_CHARACTERS = 43;

/** Reads an address of this page. */
export function parseRoute({ origin, pathname, hash }: Address): Route {
  if (pathname === '/' || pathname === '/index.html') return { kind: 'home' };
  const room_id = /^\/r\/([^/]+)\/?$/.exec(pathname)?.[1];
  if (room_id === undefined || !ROOM_ID.test(room_id)) return { kind: 'unknown' };
  const link = `${origin}/r/${room_id}${hash}`;
  if (parseLink(link).kind === 'link') return { kind: 'room', room_id, link };
  const length = hash.replace(/^#/, '').length;
  if (length === 0) return { kind: 'keyless', room_id, fault: 'missing' };
  return { kind: 'keyless', room_id, fault: length < SECRET_CHARACTERS ? 'cut' : 'wrong' };
}

/** The address of `link` on this page. */
export function addressOf(link: string): string {
  const { pathname, hash } = new URL(link);
  return pathname + hash;
}

/** Reads what somebody typed or pasted on a page at `origin`: a link, with `https://` and the host or without. */
export function parseInvite(text: string, origin: string): Invite {
  const typed = text.trim();
  if (ROOM_ID.test(typed.replace(/[\s#]/gu, ''))) return { kind: 'refused', fault: 'number' };
  const { host } = new URL(origin);
  const address = /^(?:https?:\/\/)?([^/\s]*)(\/r\/[^\s?#]+)[^\s#]*(#\S*)?$/iu.exec(typed);
  if (address === null) return { kind: 'refused', fault: 'none' };
  const [, named = '', pathname = '', hash = ''] = address;
  const route = parseRoute({ origin, pathname, hash });
  if (route.kind !== 'room' && route.kind !== 'keyless') return { kind: 'refused', fault: 'none' };
  if (named !== '' && named.toLowerCase() !== host) return { kind: 'refused', fault: 'elsewhere' };
  if (route.kind === 'keyless') return { kind: 'refused', fault: route.fault };
  return { kind: 'link', room_id: route.room_id, link: route.link };
}
