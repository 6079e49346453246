import { expect, it } from 'vitest';
import { describeWithJava } from '../support/dynamodb.ts';
import { withDynamoDb } from './dynamodb-store.ts';
import { checkModel } from './model.ts';

const RUNS = 8;
/** Far more than they take. */
const LIMIT_MS = 90_000;

describeWithJava('on DynamoDB Local', (endpoint) => {
  it('holds every limit and leaks nothing, whatever comes together and whatever fails', async () => {
    const { runs, report } = await withDynamoDb(
      (store) => checkModel(store, { runs: RUNS, seed: 1, limit: LIMIT_MS }),
      endpoint,
    );
    expect(report).toBeUndefined();
    expect(runs).toBe(RUNS);
  });
});
