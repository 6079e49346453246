import { afterEach } from 'vitest';
import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { assertIntactAndClear } from '../support/dynamodb-items.ts';
import { describeDynamo } from '../support/dynamodb.ts';
import { scaleFleetContract } from './scale-fleet.ts';

describeDynamo('on DynamoDB Local', (tables) => {
  afterEach(() => assertIntactAndClear(tables));
  scaleFleetContract('on DynamoDB', () => dynamoRoomStore(tables));
});
