/**
 * What a receiver's lateness means: by how much the age of its oldest unacknowledged message is above its floor, ms
 * (R58 of docs/protocol.md). In one place, since their order matters.
 */

/** Beyond it layer 2 and above of a video are left out, and of poses only the newest are sent. */
export const TOP_LAYER_MS = 100;
/** Beyond it layer 1, too. */
export const MIDDLE_LAYER_MS = 160;
/** Beyond it layer 0: all video, until a keyframe. */
export const BASE_LAYER_MS = 400;
/** Beyond it audio. Also the most that a keyframe may add to {@link BASE_LAYER_MS}. */
export const AUDIO_MS = 1_000;

/**
 * The slowest receiver whose video should flow, bytes per ms. A keyframe makes the frames behind it wait for as long as it
 * takes itself: to leave those out would only call for the next keyframe, and so on.
 */
export const KEYFRAME_BYTES_PER_MS = 60;
/** For how long after a keyframe the frames behind it may be that much later, ms: until the receiver caught up, at most. */
export const KEYFRAME_GRACE_MS = 10_000;

/** How near to its floor a receiver's delay confirms it, ms: jitter and the rhythm of its acknowledgements. */
export const NEAR_FLOOR_MS = 25;
/** A floor that was not confirmed for so long is in doubt, ms. */
export const FLOOR_MS = 10_000;
