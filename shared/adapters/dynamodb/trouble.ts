/** What an error of the DynamoDB client means. */
import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';

/** An item as the document client gives it. Every attribute of ours is a string or a number. */
export type Item = Record<string, unknown>;

/** A batch was done in part only: DynamoDB's way to throttle it. */
export class Unprocessed extends Error {
  override name = 'Unprocessed';
}

export type Trouble =
  /** Conditions failed. One entry for each part of the write, in order; `item` is the item that did not fit. */
  | { kind: 'conditions'; failures: ({ item: Item | undefined } | undefined)[] }
  /** Throttled or in conflict. */
  | { kind: 'busy' }
  /** No answer: it may have been done, or not. */
  | { kind: 'unanswered' }
  /** Anything else is a fault of ours. */
  | { kind: 'fault' };

/** Reasons of a cancelled transaction that say: the same transaction may succeed later. */
const BUSY_REASONS = new Set([
  'None',
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
]);

const BUSY_ERRORS = new Set([
  'TransactionConflictException',
  'TransactionInProgressException',
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'InternalServerError',
  'ServiceUnavailable',
]);

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Errors carry items as they are on the wire: `{"S": "text"}`, `{"N": "1"}`. */
function plain(item: Record<string, AttributeValue> | undefined): Item | undefined {
  if (item === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => [name, value.N === undefined ? value.S : Number(value.N)]),
  );
}

export function readTrouble(error: unknown): Trouble {
  if (error instanceof TransactionCanceledException) {
    const reasons = error.CancellationReasons ?? [];
    if (reasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) {
      const failures = reasons.map(({ Code, Item }) =>
        Code === 'ConditionalCheckFailed' ? { item: plain(Item) } : undefined,
      );
      return { kind: 'conditions', failures };
    }
    const busy = reasons.length > 0 && reasons.every(({ Code }) => BUSY_REASONS.has(Code ?? 'None'));
    return busy ? { kind: 'busy' } : { kind: 'fault' };
  }
  if (error instanceof ConditionalCheckFailedException) {
    return { kind: 'conditions', failures: [{ item: plain(error.Item) }] };
  }
  if (error instanceof Unprocessed) return { kind: 'busy' };
  if (!(error instanceof Error)) return { kind: 'fault' };
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  if (BUSY_ERRORS.has(error.name) || ($metadata?.httpStatusCode ?? 0) >= 500) return { kind: 'busy' };
  if (error.name === 'TimeoutError' || (typeof code === 'string' && NETWORK_CODES.has(code))) {
    return { kind: 'unanswered' };
  }
  return { kind: 'fault' };
}
