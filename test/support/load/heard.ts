/** Whether what a client has said last was heard. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from './ledger.ts';
import type { Member } from './member.ts';

/** A dead relay is noticed after 12 s of silence; until then it may hold what was said last. */
const HEARD_WITHIN_MS = 30_000;
const PAUSE_MS = 25;

/**
 * Waits until everyone who was there all along has heard what `speaker` said last, or that is in doubt, for its own connection or
 * page is another. Resolves to who has not, when all has been well for long.
 */
export async function heardByAll(speaker: Member, ledger: Ledger): Promise<string | undefined> {
  const { breaks, sent } = speaker;
  const since = Date.now();
  const others = speaker.others
    .filter((other) => !other.over && other.listening.expects(speaker) && !other.listening.apart(speaker))
    .map((other) => ({ other, breaks: other.breaks, tears: other.listening.tears(speaker) }));
  const waiting = () =>
    others
      .filter(({ other, breaks: then, tears }) => {
        return !other.over && other.breaks === then && other.listening.tears(speaker) === tears;
      })
      .map(({ other }) => other)
      .filter((other) => other.listening.last(speaker) < sent);
  while (!speaker.over && speaker.breaks === breaks && waiting().length > 0) {
    if (Date.now() - Math.max(since, ledger.calmSince()) > HEARD_WITHIN_MS) {
      return waiting()
        .map((other) => `${other.about()} (${other.listening.about(speaker)})`)
        .join(', ');
    }
    await sleep(PAUSE_MS);
  }
  return undefined;
}
