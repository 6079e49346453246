import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { inspectAndClear } from '../support/dynamodb-items.ts';
import { describeDynamo } from '../support/dynamodb.ts';
import { migrateRoomContract } from './migrate-room.ts';

describeDynamo('on DynamoDB Local', (tables) => {
  const store = dynamoRoomStore(tables);
  migrateRoomContract('on DynamoDB', async () => ({ store, breaches: () => inspectAndClear(tables) }), 4);
});
