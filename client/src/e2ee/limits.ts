/** The limits and times of the encryption. */

/** What KID has room for. */
export const MAX_GENERATION = 2 ** 24 - 1;
export const MAX_STEP = 15;
/** KID stays below 2^31. */
export const MAX_KID = 2 ** 31 - 1;
/** CTR stays below 2^32. */
export const MAX_CTR = 2 ** 32 - 1;

/** For how long a key is accepted after its sender has taken the next in use, ms. */
export const OLD_KEY_MS = 10_000;
/** CTRs below the highest that a replay window remembers. */
export const REPLAY_WINDOW = 1_024;
/** What a reorder buffer holds at most, and for how long it waits for what is missing, ms. */
export const REORDER_MESSAGES = 64;
export const REORDER_MS = 1_000;
/** How long senders keep their sealed frames of contexts 0 and 1, ms, and how many bytes of them. */
export const RETENTION_MS = 30_000;
export const RETENTION_BYTES = 256 * 1024;
