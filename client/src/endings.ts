import { AnteroomError } from './errors.ts';
import type { CloseReason } from './types.ts';

const ENDINGS = {
  left: 'The room was left',
  gone: 'The room, or the seat in it, is gone',
  replaced: 'This client connected elsewhere with the same ticket',
} as const;

/** What a caller reads who waited for a room that closed before it was live. */
export function errorOf(reason: CloseReason): AnteroomError {
  if (reason.kind === 'gave_up') return reason.error;
  if (reason.kind !== 'refused') return new AnteroomError('closed', ENDINGS[reason.kind]);
  return new AnteroomError(
    'closed',
    `The relay refused this client: ${`${reason.code} ${reason.reason}`.trim()}`,
  );
}
