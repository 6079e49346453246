import { describe, expect, it } from 'vitest';
import type { TargetState } from '../../../../dev/faults/board.ts';
import { refusal } from '../../../../dev/faults/throttle.ts';
import { listLines, readCommand } from '../../../../dev/faults/words.ts';

describe('the words of npm run fault', () => {
  it('are an order', () => {
    expect(readCommand(['task-1', 'slow', '500'], '10s')).toEqual({
      kind: 'order',
      order: { target: 'task-1', mode: 'slow', value: 500, for_ms: 10_000 },
    });
    expect(readCommand(['dynamodb', 'cut'], undefined)).toEqual({
      kind: 'order',
      order: { target: 'dynamodb', mode: 'cut', value: undefined, for_ms: undefined },
    });
  });

  it('or list, sweep, help', () => {
    expect(readCommand(['list'], undefined)).toEqual({ kind: 'list' });
    expect(readCommand(['sweep'], undefined)).toEqual({ kind: 'sweep' });
    expect(readCommand([], undefined)).toEqual({ kind: 'help' });
  });

  it.each([
    [['task-1'], undefined, 'what is to happen to task-1? "list" shows what can'],
    [['task-1', 'slow', 'fast'], undefined, '"fast" is not a number'],
    [['task-1', 'slow', '1', '2'], undefined, 'too many words: 2'],
    [['task-1', 'cut'], 'soon', '--for must be a duration from 1ms to 24h, such as 10s'],
    [['list', 'all'], undefined, '"list" stands alone'],
  ])('%j (--for %s) are refused with what is wrong', (words, how_long, message) => {
    const command = readCommand(words, how_long);
    expect(command.kind === 'wrong' && command.message).toContain(message);
  });

  it('list names together what can do the same, and says what is missing', () => {
    const modes: TargetState['modes'] = [
      { mode: 'cut', about: 'nothing passes', argument: undefined, missing: 'no proxies' },
    ];
    const state = { state: 'pass', about: 'a way', modes, next: [{ mode: 'pass', in_ms: 1_500 }] };
    expect(
      listLines([
        { target: 'a', ...state },
        { target: 'long', ...state, next: [] },
      ]),
    ).toEqual([
      'a     pass  a way',
      '      "pass" in 1.5 s',
      'long  pass  a way',
      '',
      'a, long',
      '  cut  nothing passes (not in this stack)',
      '  not in this stack: no proxies',
    ]);
  });
});

describe('a throttled answer of DynamoDB', () => {
  it('is an error of the table or of the account, in turn', () => {
    const types = [0, 1].map((nth) => refusal('PutItem', '{}', nth)['__type']);
    expect(types).toEqual([
      'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
      'com.amazonaws.dynamodb.v20120810#ThrottlingException',
    ]);
  });

  it('of a transaction is a cancellation with a reason for each item', () => {
    const body = JSON.stringify({ TransactItems: [{}, {}, {}] });
    expect(refusal('TransactWriteItems', body, 0)).toMatchObject({
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message: expect.stringContaining('[ProvisionedThroughputExceeded, None, None]') as string,
      CancellationReasons: [{ Code: 'ProvisionedThroughputExceeded' }, { Code: 'None' }, { Code: 'None' }],
    });
  });
});
