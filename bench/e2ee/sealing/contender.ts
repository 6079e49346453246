import type { Awaitable } from '../../../client/src/e2ee/awaitable.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';

/** Something that seals and opens frames. `count` numbers them: a nonce is never used twice. */
export interface Contender {
  name: string;
  seal(payload: Bytes, count: number): Awaitable<Uint8Array>;
  /** What was sealed under the same `count`. Throws or rejects if it does not open. */
  open(sealed: Uint8Array, count: number): Awaitable<Uint8Array>;
}
