/** Whether what a client was told is explained by what happened. If not, that is a breach. */
import { AnteroomError } from '../../client/src/errors.ts';
import type { CloseReason } from '../../client/src/types.ts';
import type { Ledger } from './ledger.ts';

/** What an outage of the router looks like. `no_task_available` is not among it: half of the fleet is always whole. */
const OUTAGE = new Set(['network', 'internal', 'rate_limited', 'request_in_flight', 'store_busy']);
const SEAT_GONE = new Set(['client_not_found', 'room_not_found', 'closed']);

/**
 * An entry was refused. `since`: when it began, ms since the Unix epoch; `resuming`: it was to take up a seat, which is kept
 * for `resume_grace_ms`.
 */
export function noteRefusal(
  ledger: Ledger,
  error: unknown,
  entry: { what: string; since: number; resuming: boolean; resume_grace_ms: number },
): void {
  const { what, since, resuming, resume_grace_ms } = entry;
  const took = Date.now() - since;
  const code = error instanceof AnteroomError ? error.code : String(error);
  if (code === 'aborted') ledger.count('aborted');
  else if (resuming && SEAT_GONE.has(code) && took >= resume_grace_ms) ledger.count('seats_gone');
  else if (OUTAGE.has(code) && ledger.underFault(['router'], since)) {
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
