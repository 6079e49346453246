/** The WebSocket API of the local stack with its `@connections`, in front of handlers that a test gives. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import type { Handler } from '../../dev/router/invoke.ts';
import { type SocketLimits, webSocketApi } from '../../dev/router/web-socket/api.ts';
import { answerConnections } from '../../dev/router/web-socket/connections.ts';

export interface TestSocketApi extends AsyncDisposable {
  url: string;
  /** Of the management API. */
  endpoint: string;
  client: ApiGatewayManagementApiClient;
  lines: string[];
}

/** `routes`: a handler for each route. */
export async function startSocketApi(
  routes: Record<string, Handler>,
  limits?: SocketLimits,
): Promise<TestSocketApi> {
  const names = Object.keys(routes);
  const lines: string[] = [];
  const api = webSocketApi({
    region: 'local',
    stage: 'test',
    print: (line) => lines.push(line),
    ...(limits === undefined ? {} : { limits }),
    application: () => ({
      manifest: {
        functions: names.map((name) => ({ name, file: name, export: 'handler', timeout_ms: 5_000 })),
        routes: new Map(),
        sockets: { routes: new Map(names.map((name) => [name, name])), selection: 'type' },
        schedules: [],
        rules: [],
        cors: undefined,
        notes: [],
      },
      handlers: new Map(Object.entries(routes)),
    }),
  });
  const server = createServer((request, response) => {
    if (!answerConnections(api, request, response)) response.writeHead(404).end();
  });
  server.on('upgrade', (request, stream, head) => {
    if (!api.upgrade(request, stream, head)) stream.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}/test`;
  const endpoint = `http://${at}`;
  const client = new ApiGatewayManagementApiClient({
    endpoint,
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  return {
    url: `ws://${at}`,
    endpoint,
    client,
    lines,
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
