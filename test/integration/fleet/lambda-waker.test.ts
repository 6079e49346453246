import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import type { InvokeFunction, Invoked } from '../../../dev/aws/lambda.ts';
import { lambdaWaker } from '../../../shared/adapters/lambda-waker.ts';
import type { Waker } from '../../../shared/ports/waker.ts';
import { paperFleet, startTestAws } from '../../support/aws.ts';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

/** A waker whose invocations go to `invoke`, and what it warned of. */
async function start(invoke: InvokeFunction): Promise<{ waker: Waker; warnings: unknown[] }> {
  const aws = await startTestAws({ fleet: paperFleet(), invoke });
  const client = new LambdaClient({ ...aws.clientConfig('LAMBDA'), maxAttempts: 1 });
  const warnings: unknown[] = [];
  const telemetry = { warn: (message: string, fields?: object) => void warnings.push([message, fields]) };
  stop = async () => {
    client.destroy();
    await aws.doubles.stop();
  };
  return { waker: lambdaWaker('scale-fleet', telemetry, client), warnings };
}

describe('the waker on Lambda', () => {
  it('invokes the function as an event', async () => {
    const calls: unknown[] = [];
    const { waker, warnings } = await start(async (name, _payload, how) => {
      calls.push([name, how]);
      return { kind: 'taken' };
    });
    await waker.wake();
    await waker.wake();
    expect(calls).toEqual([
      ['scale-fleet', 'event'],
      ['scale-fleet', 'event'],
    ]);
    expect(warnings).toEqual([]);
  });

  it('makes one more call of all that come while one is under way', async () => {
    const release: ((value: Invoked) => void)[] = [];
    const begun: (() => void)[] = [];
    const { waker } = await start(
      () =>
        new Promise((resolve) => {
          release.push(resolve);
          begun.shift()?.();
        }),
    );
    const nextBegins = () => new Promise<void>((resolve) => begun.push(resolve));
    const first = nextBegins();
    const wakes = [waker.wake()];
    await first;
    wakes.push(waker.wake(), waker.wake(), waker.wake());
    const second = nextBegins();
    release[0]!({ kind: 'taken' });
    await second;
    release[1]!({ kind: 'taken' });
    await Promise.all(wakes);
    expect(release).toHaveLength(2);
  });

  it('throws nothing, and says that it failed', async () => {
    const { waker, warnings } = await start(async () => ({ kind: 'unknown' }));
    await waker.wake();
    expect(warnings).toEqual([
      ['the fleet could not be woken', { cause: expect.stringContaining('Function not found') as string }],
    ]);
  });
});
