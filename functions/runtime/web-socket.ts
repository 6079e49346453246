/** What the handlers of a WebSocket API share: routes, answers, one log line, metrics. */
import type { Context } from 'aws-lambda';
import { withTimeLeft } from '../../shared/adapters/time-left.ts';
import { PROBLEMS } from '../../shared/protocol/problem.ts';
import type { ChannelVerdict } from '../../shared/use-cases/control-channel.ts';
import { refusalFor } from './refusal.ts';
import { logger, publishMetrics } from './telemetry.ts';

/**
 * What is read of the event of a WebSocket API (API Gateway developer guide, "Lambda proxy integration for WebSocket APIs").
 * Only `$connect` has headers, by the names that the client wrote.
 */
export interface SocketEvent {
  headers?: Readonly<Record<string, string | undefined>>;
  body?: string;
  isBase64Encoded?: boolean;
  requestContext: { routeKey: string; connectionId: string; requestId: string };
}

/** For `$connect`: what the handshake is answered with. Elsewhere nobody reads it. */
export interface SocketAnswer {
  statusCode: number;
  headers?: Record<string, string>;
}

export interface SocketRoutes {
  connect(event: SocketEvent): Promise<ChannelVerdict>;
  disconnect(event: SocketEvent): Promise<void>;
  /** By `type` of a JSON message; others are ignored. */
  messages: Readonly<Record<string, (event: SocketEvent) => Promise<void>>>;
}

/** A header by its name in lower case. */
export function headerOf({ headers = {} }: SocketEvent, name: string): string | undefined {
  return Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1];
}

/** `type` of a message, or undefined if it is not of our protocol. */
function typeOf({ body = '', isBase64Encoded = false }: SocketEvent): string | undefined {
  try {
    const text = isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;
    const { type } = (JSON.parse(text) ?? {}) as { type?: unknown };
    return typeof type === 'string' ? type : undefined;
  } catch {
    return undefined;
  }
}

async function serve(routes: SocketRoutes, event: SocketEvent): Promise<SocketAnswer> {
  const { routeKey } = event.requestContext;
  if (routeKey === '$connect') {
    const verdict = await routes.connect(event);
    return verdict.kind === 'open'
      ? { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': verdict.protocol } }
      : { statusCode: verdict.status };
  }
  if (routeKey === '$disconnect') await routes.disconnect(event);
  else {
    const type = typeOf(event);
    if (type !== undefined && Object.hasOwn(routes.messages, type)) await routes.messages[type]!(event);
  }
  return { statusCode: 200 };
}

/** The handler of a WebSocket API. Never throws: a fault is an answer, and its cause is in the log. No header is logged. */
export function socketHandler(routes: SocketRoutes) {
  return async (event: SocketEvent, context: Context): Promise<SocketAnswer> => {
    const started = Date.now();
    const { routeKey, requestId: request_id, connectionId: connection_id } = event.requestContext;
    let answer: SocketAnswer;
    try {
      answer = await withTimeLeft(context.getRemainingTimeInMillis(), () => serve(routes, event));
    } catch (error) {
      answer = { statusCode: PROBLEMS[refusalFor(error, request_id).code].status };
    }
    logger.info('request', {
      request_id,
      function_request_id: context.awsRequestId,
      route: routeKey,
      connection_id,
      status: answer.statusCode,
      duration_ms: Date.now() - started,
    });
    publishMetrics();
    return answer;
  };
}
