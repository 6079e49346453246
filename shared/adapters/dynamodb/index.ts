export { dynamoDbClient } from './client.ts';
export { dynamoRoomStore, type DynamoStoreOptions } from './store.ts';
