import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grant } from '../../../shared/protocol/api.ts';
import { type Stack, startStack } from '../../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ env: { MAX_ROOMS: '50', ROOM_CAPACITY: '200' } });
});
afterAll(() => stack.stop());

async function post(path: string, body: unknown): Promise<{ outcome: string; body: unknown }> {
  const response = await fetch(new URL(path, stack.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { code?: string };
  return { outcome: `${response.status} ${answer.code ?? ''}`.trim(), body: answer };
}

function tally(answers: readonly { outcome: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { outcome } of answers) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

describe('limits, over HTTP', () => {
  it('100 joins at once of a room of 10 admit exactly 9; 200 creates at once against MAX_ROOMS=50 create exactly 50', async () => {
    const { body } = await post('/create-room', { max_clients: 10 });
    const { room_id } = body as Grant;
    const joins = await Promise.all(Array.from({ length: 100 }, () => post('/join-room', { room_id })));
    expect(tally(joins)).toEqual({ '200': 9, '429 room_full': 91 });

    // One room is open already.
    const creates = await Promise.all(Array.from({ length: 200 }, () => post('/create-room', {})));
    expect(tally(creates)).toEqual({ '201': 49, '429 rooms_exhausted': 151 });
    const rooms = new Set(creates.flatMap(({ body: grant }) => (grant as Partial<Grant>).room_id ?? []));
    expect(rooms.size).toBe(49);
  });
});
