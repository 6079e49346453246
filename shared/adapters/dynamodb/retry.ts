import { StoreBusy } from '../../ports/room-store.ts';
import { readTrouble } from './trouble.ts';

/** What a store needs from outside: numbers in [0, 1), and time that passes (ms). */
export interface Chance {
  random: () => number;
  sleep: (ms: number) => Promise<void>;
}

/** Retries after a conflict or a throttle. */
const BUSY_RETRIES = 6;
/** Retries after no answer: each may take as long as the client's time limit. */
const UNANSWERED_RETRIES = 2;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Runs `attempt` until it is neither in conflict nor throttled nor unanswered, pausing with full jitter (a random part
 * of an exponentially growing time: callers that collided once are spread out). Throws {@link StoreBusy} when the retries
 * are used up, and everything else as it comes.
 *
 * An unanswered attempt may have been done: `attempt` must do no harm if it is done twice.
 */
export async function retrying<T>(chance: Chance, attempt: () => Promise<T>): Promise<T> {
  let unanswered = 0;
  for (let retry = 0; ; retry++) {
    try {
      return await attempt();
    } catch (error) {
      const { kind } = readTrouble(error);
      if (kind !== 'busy' && kind !== 'unanswered') throw error;
      if (kind === 'unanswered') unanswered++;
      if (retry === BUSY_RETRIES || unanswered > UNANSWERED_RETRIES) {
        throw new StoreBusy('the database is busy or out of reach', { cause: error });
      }
      await chance.sleep(chance.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** retry));
    }
  }
}
