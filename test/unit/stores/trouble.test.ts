import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  type CancellationReason,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { readTrouble } from '../../../shared/adapters/dynamodb/trouble.ts';

const details = { $metadata: {}, message: '' };
const cancelled = (...reasons: CancellationReason[]) =>
  readTrouble(new TransactionCanceledException({ ...details, CancellationReasons: reasons }));

describe('the reading of an error', () => {
  it('tells which parts of a transaction failed, and what is there instead', () => {
    const Item = { room_id: { S: '00157' }, clients: { N: '3' } };
    expect(
      cancelled(
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Item },
        { Code: 'ConditionalCheckFailed' },
      ),
    ).toEqual({
      kind: 'conditions',
      failures: [undefined, { item: { room_id: '00157', clients: 3 } }, { item: undefined }],
    });
  });

  it('believes a failed condition although another part was in conflict', () => {
    expect(cancelled({ Code: 'TransactionConflict' }, { Code: 'ConditionalCheckFailed' })).toEqual({
      kind: 'conditions',
      failures: [undefined, { item: undefined }],
    });
  });

  it.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'takes a transaction cancelled for %s as busy',
    (Code) => {
      expect(cancelled({ Code: 'None' }, { Code })).toEqual({ kind: 'busy' });
    },
  );

  it('takes a transaction cancelled for what no repetition mends as a fault', () => {
    expect(cancelled({ Code: 'TransactionConflict' }, { Code: 'ValidationError' })).toEqual({
      kind: 'fault',
    });
    expect(cancelled()).toEqual({ kind: 'fault' });
  });

  it('reads the item of a single write', () => {
    const error = new ConditionalCheckFailedException({ ...details, Item: { epoch: { N: '7' } } });
    expect(readTrouble(error)).toEqual({ kind: 'conditions', failures: [{ item: { epoch: 7 } }] });
  });

  it.each([
    [Object.assign(new Error(), { name: 'ThrottlingException' }), 'busy'],
    [Object.assign(new Error(), { name: 'Unheard', $metadata: { httpStatusCode: 503 } }), 'busy'],
    [Object.assign(new Error(), { name: 'TimeoutError' }), 'unanswered'],
    [Object.assign(new Error(), { code: 'ECONNREFUSED' }), 'unanswered'],
    [
      Object.assign(new Error(), { name: 'ValidationException', $metadata: { httpStatusCode: 400 } }),
      'fault',
    ],
    [new TypeError('ours'), 'fault'],
    ['not even an error', 'fault'],
  ])('takes %o as %s', (error, kind) => {
    expect(readTrouble(error)).toEqual({ kind });
  });
});
