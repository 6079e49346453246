import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import { type AwsCall, AwsError } from '../../../dev/aws/errors.ts';
import { secretsManagerSource } from '../../../shared/adapters/secrets-manager.ts';
import { paperFleet, SECRET_NAME, startTestAws } from '../../support/aws.ts';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

/** A source over the double, its clock, the calls it made, and a switch that makes Secrets Manager fail. */
async function start(secretId = SECRET_NAME) {
  const calls: AwsCall[] = [];
  const state = { now: 1_000, down: false };
  const aws = await startTestAws({
    fleet: paperFleet(),
    fault: (call) => {
      if (call.operation === 'GetSecretValue') calls.push(call);
      return state.down ? new AwsError('InternalServiceError', 'down', 500) : undefined;
    },
  });
  const client = new SecretsManagerClient(aws.clientConfig('SECRETS_MANAGER'));
  stop = async () => {
    client.destroy();
    await aws.doubles.stop();
  };
  return {
    calls,
    state,
    source: secretsManagerSource(secretId, { client, now: () => state.now }),
    rotate: (value: string) =>
      client.send(new PutSecretValueCommand({ SecretId: SECRET_NAME, SecretString: value })),
  };
}

describe('the router secret', () => {
  it('has no previous version before the first rotation', async () => {
    const { source } = await start();
    expect(await source.get()).toEqual({ current: 'first', previous: undefined });
  });

  it('has both versions after a rotation', async () => {
    const { source, rotate } = await start();
    await rotate('second');
    expect(await source.get()).toEqual({ current: 'second', previous: 'first' });
  });

  it('is asked for once in five minutes, also by many at once', async () => {
    const { source, rotate, calls, state } = await start();
    await Promise.all(Array.from({ length: 20 }, () => source.get()));
    await rotate('second');
    state.now += 5 * 60_000 - 1;
    expect((await source.get()).current).toBe('first');
    expect(calls).toHaveLength(2);
    state.now += 1;
    expect((await source.get()).current).toBe('second');
    expect(calls).toHaveLength(4);
  });

  it('is seen anew by who wants it fresh, at most every five seconds', async () => {
    const { source, rotate, calls, state } = await start();
    await source.get();
    await rotate('second');
    state.now += 4_999;
    expect((await source.get({ fresh: true })).current).toBe('first');
    state.now += 1;
    expect(await source.get({ fresh: true })).toEqual({ current: 'second', previous: 'first' });
    expect(await source.get({ fresh: true })).toEqual({ current: 'second', previous: 'first' });
    expect(calls).toHaveLength(4);
  });

  it('goes on with the known value while Secrets Manager is down, and asks again after five seconds', async () => {
    const { source, rotate, state } = await start();
    await source.get();
    await rotate('second');
    state.down = true;
    state.now += 5 * 60_000;
    expect((await source.get()).current).toBe('first');
    state.down = false;
    expect((await source.get()).current).toBe('first');
    state.now += 5_000;
    expect((await source.get()).current).toBe('second');
  });

  it('fails without a value of before, and works once Secrets Manager does', async () => {
    const { source, state } = await start();
    state.down = true;
    await expect(source.get()).rejects.toThrow('down');
    state.down = false;
    expect((await source.get()).current).toBe('first');
  });

  it('that does not exist is named in the error', async () => {
    const { source } = await start('test/another');
    await expect(source.get()).rejects.toThrow('test/another');
  });
});
