import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { STORE_CALL_TIMEOUT_MS, STORE_CONNECT_TIMEOUT_MS } from '../../domain/liveness.ts';

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
      connectionTimeout: STORE_CONNECT_TIMEOUT_MS,
      requestTimeout: STORE_CALL_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: { maxSockets: MAX_REQUESTS },
      httpsAgent: { maxSockets: MAX_REQUESTS },
    },
    ...config,
  });
}
