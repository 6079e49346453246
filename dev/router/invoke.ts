/** Calls a handler as Lambda does: with a context, and a time limit. */
import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import pLimit, { type LimitFunction } from 'p-limit';
import { ACCOUNT } from '../aws/local-task.ts';
import type { FunctionSpec } from './manifest.ts';

export type Handler = (event: unknown, context: Context) => unknown;

export type InvokeResult =
  | { kind: 'returned'; value: unknown }
  | { kind: 'threw'; error: unknown }
  /** The time limit of the function passed; what it still does is ignored. */
  | { kind: 'timed_out' };

function lambdaContext({ name, timeout_ms }: FunctionSpec, region: string): Context {
  const deadline = performance.now() + timeout_ms;
  const refuse = (): never => {
    throw new Error('context.done, fail and succeed are gone: return or throw');
  };
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${region}:${ACCOUNT}:function:${name}`,
    memoryLimitInMB: '512',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
    done: refuse,
    fail: refuse,
    succeed: refuse,
  };
}

/**
 * Invocations of one function at once. In Lambda each has a CPU of its own; here all share this machine's, so what comes
 * in a burst waits for its turn before its time limit begins to run. Each function has a queue of its own: creates that
 * wait for a task do not hold up the tasks' heartbeats.
 */
export const AT_ONCE = 32;
const queues = new Map<string, LimitFunction>();

/** Runs `handler` on `event`, when it is its turn. Never throws. */
export function invoke(
  handler: Handler,
  spec: FunctionSpec,
  event: unknown,
  region: string,
): Promise<InvokeResult> {
  const inTurn = queues.get(spec.name) ?? pLimit(AT_ONCE);
  queues.set(spec.name, inTurn);
  return inTurn(() => invokeNow(handler, spec, event, region));
}

async function invokeNow(
  handler: Handler,
  spec: FunctionSpec,
  event: unknown,
  region: string,
): Promise<InvokeResult> {
  const limit = Promise.withResolvers<InvokeResult>();
  const timer = setTimeout(() => limit.resolve({ kind: 'timed_out' }), spec.timeout_ms);
  const run = async (): Promise<InvokeResult> => {
    try {
      return { kind: 'returned', value: await handler(event, lambdaContext(spec, region)) };
    } catch (error) {
      return { kind: 'threw', error };
    }
  };
  try {
    return await Promise.race([run(), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What to print of an invocation that did not return. */
export function failureLine(
  { name, timeout_ms }: FunctionSpec,
  result: Exclude<InvokeResult, { kind: 'returned' }>,
): string {
  if (result.kind === 'timed_out') return `${name} took longer than its ${timeout_ms / 1_000} s`;
  const { error } = result;
  return `${name} threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
