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
/**
 * What a reorder buffer holds at most (of its bytes: see below), and for how long it waits for what is missing, ms, since some of
 * it came last. Who has sent it tells what is gone; so this is for one that does not answer, or too slowly: machines stand still
 * for seconds. What was sealed with a key of before can be opened for as long.
 */
export const REORDER_MESSAGES = 1_024;
export const REORDER_MS = OLD_KEY_MS;
/** For how long messages wait to be told where their lane begins, ms. */
export const BEGINNING_MS = 5_000;
/** How long senders keep their sealed frames of contexts 0 and 1, ms, and how many bytes of them. */
export const RETENTION_MS = 30_000;
export const RETENTION_BYTES = 256 * 1024;
/** Behind more than its sender keeps nothing that is missing can come. */
export const REORDER_BYTES = RETENTION_BYTES;

/** How often members say that they are there, ms; after how much silence one is taken to have left. */
export const HEARTBEAT_MS = 10_000;
export const SILENT_MS = 30_000;
/** After a leave: how long more of them are gathered, ms, and how long the new key is known to all before it is used. */
export const GATHER_MS = 1_000;
export const SWITCH_MS = 500;
/** A key is not used for longer, ms, nor for more frames. */
export const ROTATE_MS = 600_000;
export const ROTATE_FRAMES = 2 ** 24;
/** Frames of one sender that wait for a key, and for how long, ms. */
export const HELD_FRAMES = 64;
export const HELD_MS = 2_000;
/** The least time between two requests for a key, two HELLOs of one slot that are answered, two KEYs for one HELLO, ms. */
export const KEY_REQUEST_MS = 1_000;
export const HELLO_MS = 1_000;
export const KEY_MS = 1_000;
/** HELLOs and KEYs of one slot that are looked at in a second: what is honest needs a few. */
export const HANDSHAKES_PER_SECOND = 16;
/**
 * How soon after it is noticed a gap is asked for, ms; how long nothing of it may come until that is done again, the first time
 * and, after twice as long each time, at most; how often one member is answered.
 */
export const RESEND_SOON_MS = 50;
export const RESEND_MS = 250;
export const RESEND_MOST_MS = 1_000;
export const RESEND_ANSWER_MS = 200;
/** What all members together are sent again in a second at most: what a relay lets through is more. */
export const RESENT_BYTES = 1024 * 1024;
export const RESENT_FRAMES = 500;
/** For how long keys are agreed on with somebody before it is told to be unsealed, ms. */
export const SECURING_MS = 5_000;
/** For how long heartbeats must name other members than ours before that is told, ms. */
export const DISAGREE_MS = 25_000;
/** Members whose keys are kept, unless more are asked for. */
export const MAX_PEERS = 64;
/** Identities that left and are remembered, so that nothing of theirs is shown twice: for each that may be here. */
export const PAST_PER_PEER = 4;
/** Messages that wait for keys, and bytes of them. */
export const WAITING_MESSAGES = 256;
export const WAITING_BYTES = 256 * 1024;
/** Whoever was not run for longer stood still, ms: what is beyond that does not count. It is above the time between two ticks. */
export const STILL_MS = 5_000;
/** The longest time between two ticks, ms. */
export const TICK_MS = 1_000;
