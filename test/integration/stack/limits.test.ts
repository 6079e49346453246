import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../../shared/protocol/api.ts';
import { type Stack, startStack } from '../../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({
    env: { MAX_ROOMS: '50', ROOM_CAPACITY: '200', FAILED_JOINS: '10', CONNECT_TIMEOUT: '5m' },
  });
});
afterAll(() => stack.stop());

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(new URL(path, stack.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { code?: string };
  return {
    outcome: `${response.status} ${answer.code ?? ''}`.trim(),
    body: answer,
    retry_after: Number(response.headers.get('retry-after')),
  };
}

function tally(answers: readonly { outcome: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of answers) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** A room of which every seat is taken. */
let full: Grant;

describe('limits, over HTTP', () => {
  it('20 creates at once with one Idempotency-Key make one room; another body is refused; no log has the key', async () => {
    const key = randomBytes(16).toString('base64url');
    const create = (body: object) => post('/create-room', body, { 'idempotency-key': key });
    const creates = await Promise.all(Array.from({ length: 20 }, () => create({ max_clients: 3 })));
    expect(
      Object.keys(tally(creates)).filter((one) => one !== '201' && one !== '409 request_in_flight'),
    ).toEqual([]);
    const first = (await create({ max_clients: 3 })).body as Grant;
    for (const { outcome, body } of creates) {
      expect(outcome === '201' ? (body as Grant).ticket : first.ticket).toBe(first.ticket);
    }
    expect((await create({ max_clients: 4 })).outcome).toBe('422 idempotency_key_reused');
    expect((await post('/create-room', {}, { 'idempotency-key': 'too-short' })).outcome).toBe(
      '422 invalid_request',
    );

    const { room_id } = first;
    const join = () => post('/join-room', { room_id }, { 'idempotency-key': `${key}-join` });
    const seat = (await join()).body as Grant;
    expect((await join()).body).toMatchObject({ client_id: seat.client_id, ticket: seat.ticket });
    expect((await post('/join-room', { room_id })).outcome).toBe('200');
    expect((await post('/join-room', { room_id })).outcome).toBe('429 room_full');
    for (const secret of [key, first.ticket, seat.ticket]) expect(stack.output()).not.toContain(secret);
  });

  it('100 joins at once of a room of 10 admit exactly 9; 200 creates at once against MAX_ROOMS=50 create exactly 50', async () => {
    const { body } = await post('/create-room', { max_clients: 10 });
    full = body as Grant;
    const { room_id } = full;
    const joins = await Promise.all(Array.from({ length: 100 }, () => post('/join-room', { room_id })));
    expect(tally(joins)).toEqual({ '200': 9, '429 room_full': 91 });

    // This room and that of the test before are open.
    const open = 2;
    const creates = await Promise.all(Array.from({ length: 200 }, () => post('/create-room', {})));
    expect(tally(creates)).toEqual({ '201': 50 - open, '429 rooms_exhausted': 150 + open });
    const rooms = new Set(creates.flatMap(({ body: grant }) => (grant as Partial<Grant>).room_id ?? []));
    expect(rooms.size).toBe(50 - open);
  });

  it('joins that find no room are limited for their source; members come back all the same', async () => {
    const { room_id, client_id, ticket } = full;
    const misses = await Promise.all(
      Array.from({ length: 30 }, (_, n) => post('/join-room', { room_id: `0000000${100 + n}` })),
    );
    const told = tally(misses);
    expect(told['404 room_not_found']).toBeLessThanOrEqual(10);
    expect(told['429 rate_limited']).toBe(30 - (told['404 room_not_found'] ?? 0));
    const refused = await post('/join-room', { room_id });
    expect(refused.outcome).toBe('429 rate_limited');
    expect(refused.retry_after).toBeGreaterThan(60);
    expect((await post('/join-room', { room_id, client_id, ticket })).outcome).toBe('200');
  });
});
