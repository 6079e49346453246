import { describe, expect, it } from 'vitest';
import { checkGrant, expectPlace, placedAt } from '../../../client/src/grant.ts';

const GRANT = {
  room_id: '00157',
  client_id: '0b5c0e2a-9c9e-4a8e-9f63-0d5a5a1b2c3d',
  url: 'wss://task.room.example',
  ticket: 'A'.repeat(43),
  expires_at: 1_700_000_000_000,
  max_clients: 10,
  state: 'open',
  epoch: 3,
};
const PAGE = { router_is_secure: true, page_is_secure: true };
const NODE = { router_is_secure: true, page_is_secure: false };

describe('checkGrant', () => {
  it('takes a grant, fields that are new included', () => {
    const grant = { ...GRANT, region: 'eu-central-1' };
    expect(checkGrant(grant, PAGE)).toBe(grant);
  });

  it.each([
    ['room_id', 157],
    ['room_id', '157'],
    ['client_id', 'me'],
    ['ticket', 'short'],
    ['expires_at', '2026-01-01'],
    ['max_clients', null],
    ['epoch', 1.5],
    ['state', 'closed'],
    ['url', 'nowhere'],
    ['url', 'https://task.room.example'],
    ['url', 'javascript:alert(1)'],
    ['url', 'wss://task.room.example/#x'],
    ['url', undefined],
    ['control_url', 5],
  ])('refuses %s %j', (field, value) => {
    expect(() => checkGrant({ ...GRANT, [field]: value }, PAGE)).toThrow(
      expect.objectContaining({
        code: 'protocol',
        retryable: false,
        message: expect.stringContaining(field),
      }),
    );
  });

  it.each([null, undefined, 'grant', 5])('refuses %j', (value) => {
    expect(() => checkGrant(value, PAGE)).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  it('refuses ws: where a secure page asked a secure router, and only there', () => {
    const grant = { ...GRANT, url: 'ws://127.0.0.1:5001' };
    expect(() => checkGrant(grant, PAGE)).toThrow(/wss: only/);
    expect(checkGrant(grant, NODE)).toBe(grant);
    expect(checkGrant(grant, { router_is_secure: false, page_is_secure: false })).toBe(grant);
  });

  it('takes one of a room that waits for a task, which has no url', () => {
    const { url: _, ...grant } = { ...GRANT, state: 'pending', control_url: 'wss://control.example' };
    expect(checkGrant(grant, PAGE)).toBe(grant);
    expect(() => checkGrant({ ...grant, ticket: '' }, PAGE)).toThrow(/ticket/);
  });
});

describe('a room that waits for a task', () => {
  const { url: _, ...grant } = { ...GRANT, state: 'pending' as const };

  it('is something to try again for who needs a place now', () => {
    expect(() => expectPlace(grant)).toThrow(
      expect.objectContaining({ code: 'no_task_available', retryable: true }),
    );
    expect(expectPlace({ ...GRANT, state: 'open' })).toEqual(GRANT);
  });

  it('gets its place', () => {
    const place = { url: 'wss://other.example', epoch: 4, expires_at: 1_700_000_030_000 };
    expect(placedAt(grant, place, PAGE)).toEqual({ ...GRANT, ...place, state: 'open' });
    expect(() => placedAt(grant, { ...place, url: 'ws://other.example' }, PAGE)).toThrow(/wss: only/);
  });
});
