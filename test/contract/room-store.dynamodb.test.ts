import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { injectFaults, refusal } from '../support/dynamodb-faults.ts';
import { inspectAndClear } from '../support/dynamodb-items.ts';
import { describeDynamo } from '../support/dynamodb.ts';
import { roomStoreContract } from './room-store.ts';

describeDynamo('on DynamoDB Local', (tables) => {
  const client = tables.newClient();
  injectFaults(client, ({ command }) => (command === 'Scan' ? refusal('ScanIsForbidden') : undefined));
  const store = dynamoRoomStore({ ...tables, client });

  roomStoreContract('on DynamoDB', async () => ({ store, breaches: () => inspectAndClear(tables) }));
});
