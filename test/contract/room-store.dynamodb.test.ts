import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { injectFaults, refusal } from '../support/dynamodb-faults.ts';
import { inspectAndClear } from '../support/dynamodb-items.ts';
import { describeDynamo } from '../support/dynamodb.ts';
import { roomStoreContract } from './room-store.ts';

describeDynamo('on DynamoDB Local', (tables) => {
  const client = tables.newClient();
  injectFaults(client, ({ command }) => (command === 'Scan' ? refusal('ScanIsForbidden') : undefined));
  const store = dynamoRoomStore({ ...tables, client });

  // The full crowds race over HTTP on this very store, in test/integration/stack/limits.test.ts.
  roomStoreContract('on DynamoDB', async () => ({ store, breaches: () => inspectAndClear(tables) }), 0.5);
});
