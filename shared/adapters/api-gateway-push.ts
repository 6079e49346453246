/** The connections of the control channel, through API Gateway's management API. */
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { PUSH_CALL_TIMEOUT_MS, STORE_CONNECT_TIMEOUT_MS } from '../domain/liveness.ts';
import type { Push } from '../ports/push.ts';

/** Tries of one call: a message that is not told is no loss, whoever waits for it asks. */
const TRIES = 2;

function newClient(endpoint: string): ApiGatewayManagementApiClient {
  return new ApiGatewayManagementApiClient({
    endpoint,
    maxAttempts: TRIES,
    requestHandler: {
      connectionTimeout: STORE_CONNECT_TIMEOUT_MS,
      requestTimeout: PUSH_CALL_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
}

/** `endpoint`: `https://<api>.execute-api.<region>.amazonaws.com/<stage>` (CONTROL_ENDPOINT). */
export function apiGatewayPush(endpoint: string, client = newClient(endpoint)): Push {
  return {
    async send(connection_id, message) {
      try {
        const Data = JSON.stringify(message);
        await client.send(new PostToConnectionCommand({ ConnectionId: connection_id, Data }));
        return 'sent';
      } catch (error) {
        if (error instanceof GoneException) return 'gone';
        throw error;
      }
    },

    async drop(connection_id) {
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId: connection_id }));
      } catch (error) {
        if (!(error instanceof GoneException)) throw error;
      }
    },
  };
}
