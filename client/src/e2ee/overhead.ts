/** What sealing adds to a payload, bytes. Apart from the code that seals: a page's main thread has no use for that. */
import { TAG_BYTES } from './crypto-port.ts';

/** KID and CTR are below 2^32, so that neither takes more than four bytes of SFrame's header (RFC 9605 §4.3). */
const MOST_HEADER_BYTES = 1 + 4 + 4;
/** At most, of every class. */
export const SEAL_BYTES = MOST_HEADER_BYTES + TAG_BYTES;
/** On top of that, of classes CTRL and MSG: an Ed25519 signature (RFC 8032 §5.1.6). */
export const SIGNED_BYTES = 64;
