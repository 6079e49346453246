import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import type { InvokeFunction } from '../../../dev/aws/lambda.ts';
import { paperFleet, startTestAws } from '../../support/aws.ts';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

async function start(invoke?: InvokeFunction) {
  const aws = await startTestAws({ fleet: paperFleet(), ...(invoke === undefined ? {} : { invoke }) });
  const client = new LambdaClient(aws.clientConfig('LAMBDA'));
  stop = async () => {
    client.destroy();
    await aws.doubles.stop();
  };
  return { client, aws };
}
const event = { InvocationType: 'Event' } as const;
const payload = (value: unknown) => Buffer.from(JSON.stringify(value));
const ARN = 'arn:aws:lambda:local:000000000000:function:scale-fleet';

describe('the Lambda double', () => {
  it.each(['scale-fleet', ARN, `${ARN}:$LATEST`, '000000000000:function:scale-fleet'])(
    'takes an event for %s, and answers before it is done',
    async (FunctionName) => {
      const invoked: unknown[] = [];
      const { client } = await start(async (...call) => {
        invoked.push(call);
        return { kind: 'taken' };
      });
      const answer = await client.send(
        new InvokeCommand({ FunctionName, ...event, Payload: payload({ why: 'no place' }) }),
      );
      expect(answer.StatusCode).toBe(202);
      expect(answer.Payload?.length ?? 0).toBe(0);
      expect(invoked).toEqual([['scale-fleet', { why: 'no place' }, 'event']]);
    },
  );

  it('hands back what a function returned, or that it failed', async () => {
    const { client } = await start(async (name) =>
      name === 'good' ? { kind: 'returned', value: { n: 1 } } : { kind: 'failed', message: 'it threw' },
    );
    const good = await client.send(new InvokeCommand({ FunctionName: 'good' }));
    expect([good.StatusCode, good.FunctionError]).toEqual([200, undefined]);
    expect(JSON.parse(good.Payload!.transformToString())).toEqual({ n: 1 });
    const bad = await client.send(new InvokeCommand({ FunctionName: 'bad' }));
    expect([bad.StatusCode, bad.FunctionError]).toEqual([200, 'Unhandled']);
    expect(JSON.parse(bad.Payload!.transformToString())).toMatchObject({ errorMessage: 'it threw' });
  });

  it('answers errors as Lambda does', async () => {
    const { client } = await start();
    const unknown = client.send(new InvokeCommand({ FunctionName: 'nobody', ...event }));
    await expect(unknown).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404, requestId: expect.stringMatching(/.+/) as string },
    });
    const malformed = client.send(new InvokeCommand({ FunctionName: 'x', Payload: Buffer.from('{') }));
    await expect(malformed).rejects.toMatchObject({ name: 'InvalidRequestContentException' });
    await expect(
      client.send(new InvokeCommand({ FunctionName: 'x', InvocationType: 'DryRun' })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
  });

  it('says that nobody runs functions while the router is stopped', async () => {
    const { client } = await start(async () => ({ kind: 'away', message: 'the router is stopped' }));
    const invoke = client.send(new InvokeCommand({ FunctionName: 'scale-fleet', ...event }));
    await expect(invoke).rejects.toMatchObject({
      name: 'ServiceException',
      $metadata: { httpStatusCode: 500 },
    });
  });

  it('refuses a call that is not signed for it', async () => {
    const { aws } = await start();
    const url = `${aws.doubles.env['AWS_ENDPOINT_URL_LAMBDA']!}/2015-03-31/functions/x/invocations`;
    const response = await fetch(url, { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([
      403,
      'MissingAuthenticationToken',
    ]);
  });
});
