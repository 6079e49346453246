/**
 * DynamoDB that refuses a share of the requests as it does when a table is throttled; the others go through as they are.
 * Errors: Amazon DynamoDB developer guide, "Error handling with DynamoDB" and API reference, "TransactWriteItems"
 * (AWS JSON 1.0).
 */
import { randomUUID } from 'node:crypto';
import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { listenLocally } from '../listen.ts';

export interface Throttle {
  readonly port: number;
  /** Part of the requests that are refused, 0 to 1. */
  share: number;
  /** Requests refused so far. */
  readonly refused: number;
  stop(): Promise<void>;
}

const NAMESPACE = 'com.amazonaws.dynamodb.v20120810#';
const MESSAGE = 'The level of configured provisioned throughput for the table was exceeded.';
/** What a table with provisioned capacity says, and one on demand. */
const ERRORS = ['ProvisionedThroughputExceededException', 'ThrottlingException'] as const;
const REASONS = ['ProvisionedThroughputExceeded', 'ThrottlingError'] as const;

/** The body of the `nth` refusal of a request: `operation` such as `PutItem`, `body` as it was sent. */
export function refusal(operation: string, body: string, nth: number): Record<string, unknown> {
  const which = nth % 2 === 0 ? 0 : 1;
  if (!operation.startsWith('Transact')) return { __type: NAMESPACE + ERRORS[which], message: MESSAGE };
  const { TransactItems: items } = JSON.parse(body) as { TransactItems: unknown[] };
  const CancellationReasons = items.map((_, at) =>
    at === 0 ? { Code: REASONS[which], Message: MESSAGE } : { Code: 'None' },
  );
  const codes = CancellationReasons.map(({ Code }) => Code).join(', ');
  return {
    __type: `${NAMESPACE}TransactionCanceledException`,
    Message: `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    CancellationReasons,
  };
}

/** Starts one in front of the DynamoDB at `endpoint`, on a free port of 127.0.0.1. */
export async function startThrottle(endpoint: string, random: () => number = Math.random): Promise<Throttle> {
  const agent = new Agent({ keepAlive: true });
  const target = new URL(endpoint);
  let share = 0;
  let refused = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const [, operation] = String(request.headers['x-amz-target']).split('.');
    if (operation !== undefined && random() < share) {
      const text = JSON.stringify(refusal(operation, body.toString(), refused++));
      response
        .writeHead(400, {
          'content-type': 'application/x-amz-json-1.0',
          'content-length': Buffer.byteLength(text),
          'x-amzn-requestid': randomUUID(),
        })
        .end(text);
      return;
    }
    const { method, headers, url: path } = request;
    const onward = send({ host: target.hostname, port: target.port, method, path, headers, agent });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      onward.once('response', resolve).once('error', reject);
    });
    onward.end(body);
    const incoming = await answered;
    response.writeHead(incoming.statusCode ?? 502, incoming.headers);
    await pipeline(incoming, response);
  }

  const server = createServer((request, response) => {
    // What the database does not answer, nobody does.
    answer(request, response).catch(() => response.destroy());
  });
  // As patient as the database: who closes an idle connection is the client.
  server.keepAliveTimeout = 0;
  const port = await listenLocally(server);

  return {
    port,
    get share() {
      return share;
    },
    set share(wanted) {
      share = wanted;
    },
    get refused() {
      return refused;
    },
    async stop() {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
