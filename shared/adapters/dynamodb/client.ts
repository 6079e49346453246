import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/** A healthy DynamoDB answers within tens of milliseconds; a Lambda that waits longer keeps a browser waiting. */
const CONNECTION_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_500;
/** Requests at once. The local stack may have hundreds to send; its database takes no more connections than this well. */
export const MAX_REQUESTS = 32;

/**
 * The client that `dynamoRoomStore` is made for. It does not retry by itself: the store does, so that there is one bound
 * for all tries. Region, credentials and endpoint come from the environment (`AWS_ENDPOINT_URL_DYNAMODB` locally) unless
 * they are given.
 */
export function dynamoDbClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: MAX_REQUESTS },
      httpsAgent: { maxSockets: MAX_REQUESTS },
    },
    ...config,
  });
}
