import { ConfigError } from '../../shared/config/read.ts';
import { RETRY_AFTER_S } from '../../shared/domain/liveness.ts';
import { StoreBusy } from '../../shared/ports/room-store.ts';
import { refuse, type Refusal } from '../../shared/use-cases/outcome.ts';
import { logger } from './telemetry.ts';

/** What an exception is to the caller: the cause stays in the log, under the request id. */
export function refusalFor(error: unknown, request_id: string): Refusal {
  if (error instanceof StoreBusy) {
    logger.warn('the store is busy', { request_id, error });
    return refuse('store_busy', 'The database cannot take this just now. Try again in a moment.', {
      retry_after_s: RETRY_AFTER_S.store_busy,
    }).refusal;
  }
  if (error instanceof ConfigError) logger.critical(error.message, { request_id });
  else logger.error('request failed', { request_id, error: error as Error });
  return refuse(
    'internal',
    `Something went wrong on our side. Name the request id ${request_id} when you ask.`,
  ).refusal;
}
