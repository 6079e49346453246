/** Links of sealed rooms, as far as an application handles them. */
import { parseLink as parse } from './e2ee/link.ts';

export type LinkReading =
  | { kind: 'link'; room_id: string }
  /** `message` says what is wrong and what to do, without the secret. */
  | { kind: 'refused'; message: string };

/** Whether `link` is that of a sealed room, and of which: `https://…/r/<room_id>#<secret>`. Asks nobody. */
export function parseLink(link: string): LinkReading {
  const reading = parse(link);
  if (reading.kind === 'refused') return reading;
  reading.secret.fill(0);
  return { kind: 'link', room_id: reading.room_id };
}
