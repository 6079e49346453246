/**
 * The link of a sealed room: `https://…/r/<room_id>#<secret>`. The secret, 32 random bytes in base64url, is in the fragment,
 * which browsers send to no server. No message here repeats any part of it.
 */
import { ROOM_ID } from '../../../shared/protocol/subprotocol.ts';
import { concat, fromBase64Url, toBase64Url, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { randomBytes } from './crypto-port.ts';
import type { CryptoPort, FillRandom } from './crypto-port.ts';
import { hkdf } from './hkdf.ts';

export const LINK_SECRET_BYTES = 32;

export type LinkReading =
  /** `message` says what is wrong and what to do, without the secret. */
  { kind: 'link'; room_id: string; secret: Bytes } | { kind: 'refused'; message: string };

export type FragmentReading = { kind: 'secret'; secret: Bytes } | { kind: 'refused'; message: string };

/** What the members of a room derive from its link. */
export interface LinkKeys {
  /** `SHA-256("AR1 room\0" ‖ room_id)[0..16]`: stands for the room in all that is signed or sealed. Public. */
  room: Bytes;
  /** 32 bytes: authenticates HELLO. Secret. */
  k_mac: Bytes;
  /** 32 bytes: goes into the key of each pair. Secret. */
  k_psk: Bytes;
}

export function newLinkSecret(fill: FillRandom): Bytes {
  return randomBytes(fill, LINK_SECRET_BYTES);
}

const refused = (message: string): { kind: 'refused'; message: string } => ({ kind: 'refused', message });

/** Reads a fragment, with or without its "#". */
export function parseFragment(fragment: string): FragmentReading {
  const text = fragment.startsWith('#') ? fragment.slice(1) : fragment;
  if (text === '') {
    return refused('The link has no secret: it must end with "#" and 43 characters. Copy the whole link');
  }
  if (text.length !== 43) {
    return refused(`The secret of the link has ${text.length} characters instead of 43. Copy the whole link`);
  }
  const secret = fromBase64Url(text);
  if (secret === undefined) {
    return refused('The secret of the link is not base64url (A–Z, a–z, 0–9, "-", "_"). Copy the link again');
  }
  return { kind: 'secret', secret };
}

/** The secret as it stands in a link, without "#": 43 characters. */
export function formatFragment(secret: Bytes): string {
  return toBase64Url(secret);
}

/** Reads a whole link. What its path has before `/r/<room_id>` is the page's own affair. */
export function parseLink(link: string): LinkReading {
  if (!URL.canParse(link)) return refused('The link is no URL. Copy the whole link');
  const url = new URL(link);
  const room_id = /\/r\/([^/]*)$/.exec(url.pathname)?.[1] ?? '';
  if (!ROOM_ID.test(room_id)) {
    return refused('The link names no room: its path must end with /r/ and the digits of the room');
  }
  const reading = parseFragment(url.hash);
  return reading.kind === 'refused' ? reading : { kind: 'link', room_id, secret: reading.secret };
}

/** The link of a room. `page`: URL of the page that opens it; a room is `r/<room_id>` below that. */
export function formatLink(page: string, room_id: string, secret: Bytes): string {
  const url = new URL(page);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/r/${room_id}`;
  url.search = '';
  url.hash = formatFragment(secret);
  return url.href;
}

/** `room`, and from the secret `HKDF-SHA-256(secret, salt = room, "AR1 hello mac" / "AR1 pair psk")`. */
export async function linkKeys(crypto: CryptoPort, room_id: string, secret: Bytes): Promise<LinkKeys> {
  const digest = await crypto.sha256(concat(utf8('AR1 room\0'), utf8(room_id)));
  const room = digest.slice(0, 16);
  const k_mac = await hkdf(crypto, secret, room, utf8('AR1 hello mac'), 32);
  const k_psk = await hkdf(crypto, secret, room, utf8('AR1 pair psk'), 32);
  return { room, k_mac, k_psk };
}
