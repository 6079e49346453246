import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { inspectAndClear } from '../support/dynamodb-items.ts';
import { describeDynamo } from '../support/dynamodb.ts';
import { pendingRoomsContract } from './pending-rooms.ts';

describeDynamo('on DynamoDB Local', (tables) => {
  const store = dynamoRoomStore(tables);
  const make = async () => {
    await inspectAndClear(tables);
    return { store, breaches: () => inspectAndClear(tables) };
  };
  pendingRoomsContract('on DynamoDB', make, 0.1);
});
