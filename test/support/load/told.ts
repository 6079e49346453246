/** Whether what a client was told is explained by what happened. If not, that is a breach. */
import { AnteroomError } from '../../../client/src/errors.ts';
import type { CloseReason, RoomEvents } from '../../../client/src/types.ts';
import { type Ledger, OUTAGES } from './ledger.ts';

/**
 * What an outage of the router or DynamoDB looks like. Without one there is always a task: half of the fleet is whole. But where
 * each write takes seconds, the time in which a room is to be placed runs out.
 */
const OUTAGE = new Set([
  'network',
  'internal',
  'rate_limited',
  'request_in_flight',
  'store_busy',
  'no_task_available',
]);
const SEAT_GONE = new Set(['client_not_found', 'room_not_found', 'closed']);
/** Frames of somebody who has just come or gone cannot all be read, and what is sent twice comes twice. */
const HARMLESS = new Set(['no_key', 'key', 'replay']);

export interface Entry {
  what: string;
  /** When it began, ms since the Unix epoch. */
  since: number;
  /** It was to take up a seat. */
  resuming: boolean;
  /** Whoever has been in the room is over, or has been away for longer than a seat is kept. */
  deserted: boolean;
  /** How long a new seat is kept, and one whose socket broke. */
  connect_timeout_ms: number;
  resume_grace_ms: number;
}

/** Whether seats ran out, on a machine that is too slow for such short times. A new seat is asked for twice. */
function ranOut(code: string, took: number, entry: Entry): boolean {
  if (entry.resuming) return SEAT_GONE.has(code) && took >= entry.resume_grace_ms;
  if (code === 'closed') return took >= 2 * entry.connect_timeout_ms;
  return code === 'room_not_found' && entry.deserted;
}

/** An entry was refused. */
export function noteRefusal(ledger: Ledger, error: unknown, entry: Entry): void {
  const { what, since } = entry;
  const took = Date.now() - since;
  const code = error instanceof AnteroomError ? error.code : String(error);
  if (code === 'aborted') ledger.count('aborted');
  else if (ranOut(code, took, entry)) ledger.count('seats_gone');
  else if (OUTAGE.has(code) && ledger.underFault(OUTAGES, since)) {
    ledger.count('refused');
    ledger.refusals[code] = (ledger.refusals[code] ?? 0) + 1;
  } else {
    const message = error instanceof Error ? error.message : '';
    ledger.breach(`${what} was refused after ${took} ms: ${code}: ${message}`);
  }
}

/** A room ended for a client that had been away for `away_ms` and did not leave. */
export function noteEnd(
  ledger: Ledger,
  reason: CloseReason,
  { who, away_ms, resume_grace_ms }: { who: string; away_ms: number; resume_grace_ms: number },
): void {
  if (reason.kind === 'gone' && away_ms >= resume_grace_ms) {
    ledger.count('seats_gone');
    return;
  }
  const why = reason.kind === 'gave_up' ? reason.error.code : reason.kind;
  ledger.breach(`${who} was told "${why}" after ${away_ms} ms away`);
}

/** A room complained. `torn`: that sender's page is gone or was loaded anew, or the listener's was, or they were apart for too long. */
export function noteTrouble(
  ledger: Ledger,
  { error, from, reason, count = 1 }: RoomEvents['error'],
  { who, torn }: { who: string; torn: (client_id: string) => boolean },
): void {
  // Of a page that was loaded anew some frames are on their way that were sealed with the key of the old one, or for it.
  const harmless = HARMLESS.has(reason ?? '') || (reason === 'tag' && from !== undefined && torn(from));
  if (error.code === 'unreadable' && harmless) ledger.count('frames_unread', count);
  else if (error.code === 'lost' && from !== undefined && torn(from)) ledger.count('frames_missing', count);
  else ledger.breach(`${who}: ${error.code}: ${error.message}`);
}
