/** What members compare of whom they know: the roster in heartbeats, the safety number among people. */
import { compareBytes, concat, utf8 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import type { CryptoPort } from './crypto-port.ts';

export const ROSTER_BYTES = 16;

const ROSTER_LABEL = utf8('AR1 roster');
const SAFETY_LABEL = utf8('AR1 safety number');
/** 30 digits are 2^100 numbers: two rooms that show the same one take 2^50 tries. This makes a try 2^17 times as dear. */
const SAFETY_ITERATIONS = 100_000;
const GROUPS = 6;
const BYTES_PER_GROUP = 5;

/** `SHA-256("AR1 roster" ‖ room ‖ ids in ascending order)[0..16]`. `ids`: of all members, oneself among them. */
export async function rosterHash(crypto: CryptoPort, room: Bytes, ids: readonly Bytes[]): Promise<Bytes> {
  const digest = await crypto.sha256(concat(ROSTER_LABEL, room, ...[...ids].sort(compareBytes)));
  return digest.slice(0, ROSTER_BYTES);
}

/**
 * The safety number: six groups of five digits, the same for all who know the same members. `id_pks`: the identity keys of
 * all, one's own among them. PBKDF2-HMAC-SHA-256 of the keys in ascending order, salt "AR1 safety number"; each five bytes
 * of its 30, modulo 100,000, are a group. Takes some 50 ms.
 */
export async function safetyNumber(crypto: CryptoPort, id_pks: readonly Bytes[]): Promise<string> {
  const keys = concat(...[...id_pks].sort(compareBytes));
  const bytes = await crypto.pbkdf2(keys, SAFETY_LABEL, SAFETY_ITERATIONS, GROUPS * BYTES_PER_GROUP);
  return Array.from({ length: GROUPS }, (_, group) => {
    const part = bytes.subarray(group * BYTES_PER_GROUP, (group + 1) * BYTES_PER_GROUP);
    const value = part.reduce((sum, byte) => sum * 256 + byte, 0);
    return String(value % 100_000).padStart(5, '0');
  }).join(' ');
}
