/**
 * Idempotency keys: a client draws one for each create or join, and sends it again with each repetition of the request.
 * Only the key's hash is stored, and with the key comes a seat: a key is a secret of its client.
 */
import { createHash } from 'node:crypto';
import { CLOCK_SKEW_MS, REQUEST_LIMIT_MS } from './liveness.ts';

/** A key and the request that it came with, as hashes (SHA-256, base64url). */
export interface RequestKey {
  key_hash: string;
  body_hash: string;
}

const hash = (text: string) => createHash('sha256').update(text).digest('base64url');

/** `body` is the checked body: how it was written (spaces, order of the fields) makes no other request of it. */
export function requestKey(key: string, route: string, body: unknown): RequestKey {
  return { key_hash: hash(key), body_hash: hash(`${route}\0${JSON.stringify(body)}`) };
}

/** Whether the request that used a key at `used_at` may still be at work, and so may give its seat up again. */
export function mayBeInFlight(used_at: number, now: number): boolean {
  return now < used_at + REQUEST_LIMIT_MS + CLOCK_SKEW_MS;
}
