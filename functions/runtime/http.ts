/** What every HTTP handler shares: answers, problem details, one log line, metrics. It needs no settings and no tables. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { withTimeLeft } from '../../shared/adapters/time-left.ts';
import { problem, PROBLEM_TYPE, PROBLEMS } from '../../shared/protocol/problem.ts';
import type { Outcome, Refusal } from '../../shared/use-cases/outcome.ts';
import { refusalFor } from './refusal.ts';
import { logger, publishMetrics } from './telemetry.ts';

export type HttpEvent = APIGatewayProxyEventV2;
export type HttpHandler = (event: HttpEvent, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

const NEVER_CACHED = { 'cache-control': 'no-store' };

function answer(status: number, value: unknown): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', ...NEVER_CACHED },
    body: JSON.stringify(value),
  };
}

function problemAnswer(refusal: Refusal, request_id: string): APIGatewayProxyStructuredResultV2 {
  const body = problem(refusal.code, refusal.detail, request_id, refusal.faults);
  return {
    statusCode: body.status,
    headers: {
      'content-type': PROBLEM_TYPE,
      ...NEVER_CACHED,
      ...(refusal.retry_after_s === undefined ? {} : { 'retry-after': String(refusal.retry_after_s) }),
    },
    body: JSON.stringify(body),
  };
}

/** The status of a good answer, or what tells it from the answer. */
export type Status<T> = number | ((value: T) => number);

/** Wraps `serve` into a handler; `status` is that of a good answer. */
export function httpHandler<T>(
  status: Status<T>,
  serve: (event: HttpEvent) => Promise<Outcome<T>>,
): HttpHandler {
  return async (event, context) => {
    const started = Date.now();
    const request_id = event.requestContext.requestId;
    let result: APIGatewayProxyStructuredResultV2;
    let code: string | undefined;
    try {
      const outcome = await withTimeLeft(context.getRemainingTimeInMillis(), () => serve(event));
      if (!outcome.ok) code = outcome.refusal.code;
      result = outcome.ok
        ? answer(typeof status === 'number' ? status : status(outcome.value), outcome.value)
        : problemAnswer(outcome.refusal, request_id);
    } catch (error) {
      const refusal = refusalFor(error, request_id);
      ({ code } = refusal);
      result = problemAnswer(refusal, request_id);
    }
    logger.info('request', {
      request_id,
      function_request_id: context.awsRequestId,
      route: event.routeKey,
      status: result.statusCode,
      ...(code === undefined ? {} : { code, retryable: PROBLEMS[code as keyof typeof PROBLEMS].retryable }),
      duration_ms: Date.now() - started,
    });
    publishMetrics();
    return result;
  };
}

/** A route that always answers the same and needs neither tables nor settings. */
export function constantRoute(value: () => unknown): HttpHandler {
  return httpHandler(200, async () => ({ ok: true, value: value() }));
}
