import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { readKey } from '../../../functions/runtime/idempotency-key.ts';

const KEY = 'A'.repeat(21) + '_';

const event = (header: string | undefined, routeKey = 'POST /create-room') =>
  ({
    routeKey,
    headers: header === undefined ? {} : { 'idempotency-key': header },
  }) as unknown as APIGatewayProxyEventV2;

const hashes = (header: string, body: unknown = {}, routeKey?: string) => {
  const read = readKey(event(header, routeKey), body);
  if (!read.ok || read.value === undefined) throw new Error('not read');
  return read.value;
};

describe('the header Idempotency-Key', () => {
  it('may be left out', () => {
    expect(readKey(event(undefined), {})).toEqual({ ok: true, value: undefined });
  });

  it('is kept as a hash, the same with and without quotes', () => {
    const read = hashes(KEY);
    expect(read.key_hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify(read)).not.toContain(KEY);
    expect(hashes(`"${KEY}"`)).toEqual(read);
    expect(hashes(` ${KEY} `)).toEqual(read);
  });

  it('tells another body and another route apart', () => {
    const read = hashes(KEY, { max_clients: 3 });
    expect(hashes(KEY, { max_clients: 4 })).toMatchObject({ key_hash: read.key_hash });
    expect(hashes(KEY, { max_clients: 4 }).body_hash).not.toBe(read.body_hash);
    expect(hashes(KEY, { max_clients: 3 }, 'POST /join-room').body_hash).not.toBe(read.body_hash);
  });

  it.each([
    '',
    '""',
    'A'.repeat(21),
    'A'.repeat(129),
    `${'A'.repeat(30)} `.replace(' ', ' A'),
    'ä'.repeat(30),
    '"' + KEY,
  ])('is refused as %j, by its name and without repeating it', (header) => {
    const read = readKey(event(header), {});
    expect(read).toMatchObject({
      ok: false,
      refusal: { code: 'invalid_request', faults: [{ path: 'Idempotency-Key' }] },
    });
    expect(JSON.stringify(read)).not.toContain(header.replaceAll('"', '') || KEY);
  });
});
