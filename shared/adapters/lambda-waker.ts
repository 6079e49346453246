/** The function that scales the fleet, invoked through AWS Lambda. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Waker } from '../ports/waker.ts';

/**
 * Wakes the function `name` (name or ARN). The invocation is asynchronous (Invoke with the type Event): Lambda takes it in and
 * runs it by itself, so this waits for no scaling. Those who call while one is under way share one more after it.
 */
export function lambdaWaker(
  name: string,
  telemetry: Pick<Telemetry, 'warn'>,
  client: LambdaClient = defaultClient(),
): Waker {
  let current: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function invoke(): Promise<void> {
    try {
      await client.send(new InvokeCommand({ FunctionName: name, InvocationType: 'Event' }));
    } catch (error) {
      telemetry.warn('the fleet could not be woken', { cause: (error as Error).message });
    }
  }

  const begin = (): Promise<void> =>
    (current = invoke().finally(() => {
      current = undefined;
    }));

  return {
    wake() {
      if (current === undefined) return begin();
      next ??= current.then(() => {
        next = undefined;
        return begin();
      });
      return next;
    },
  };
}

/** Where the fleet is not scaled by this deployment, or by something else. */
export const noWaker: Waker = { wake: () => Promise.resolve() };

/** On the path of a request that is told to wait: one short try, the schedule does the rest. */
function defaultClient(): LambdaClient {
  return new LambdaClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_500, throwOnRequestTimeout: true },
  });
}
