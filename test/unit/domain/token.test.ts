import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { issueTicket, ticketHash, ticketMatches } from '../../../shared/domain/ticket.ts';
import { authorize, ROUTER, verifyAuthorization } from '../../../shared/domain/token.ts';
import { TICKET } from '../../../shared/protocol/subprotocol.ts';

const NOW = Date.UTC(2026, 0, 1);
const secret = { current: 'c'.repeat(64), previous: 'p'.repeat(64) };
const parties = { issuer: 'task-1', audience: ROUTER, subject: 'task-1' };
const request = { method: 'POST', path: '/put-task', body: '{"a":1}' };

const verify = (header: string | undefined, changes: Partial<typeof request> = {}, now = NOW) =>
  verifyAuthorization(header, { audience: ROUTER }, { ...request, ...changes }, secret, now);

describe('tokens between router and tasks', () => {
  it('are good for the request that they were made for', async () => {
    const header = await authorize(parties, request, secret, NOW);
    expect(await verify(header)).toEqual({ kind: 'valid', issuer: 'task-1', subject: 'task-1' });
    expect(header).not.toContain(secret.current);
  });

  it('are accepted with the previous version of the secret, and with no other', async () => {
    const old = await authorize(parties, request, { current: secret.previous }, NOW);
    expect((await verify(old)).kind).toBe('valid');
    const other = await authorize(parties, request, { current: 'x'.repeat(64) }, NOW);
    expect(await verify(other)).toEqual({ kind: 'refused', reason: 'signature' });
  });

  it.each([{ method: 'PUT' }, { path: '/remove-client' }, { body: '{"a":2}' }, { body: '' }])(
    'are bound to method, path and body: not good with %j',
    async (change) => {
      const header = await authorize(parties, request, secret, NOW);
      expect(await verify(header, change)).toEqual({ kind: 'refused', reason: 'binding' });
    },
  );

  it('expire after a minute, give or take the clocks', async () => {
    const header = await authorize(parties, request, secret, NOW);
    expect((await verify(header, {}, NOW + 59_000)).kind).toBe('valid');
    expect((await verify(header, {}, NOW + 70_000)).kind).toBe('refused');
    expect((await verify(header, {}, NOW - 60_000)).kind).toBe('refused');
  });

  it('cannot be made to last longer than a minute', async () => {
    const long = await new SignJWT({ bh: 'x' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('task-1')
      .setSubject('task-1')
      .setAudience(ROUTER)
      .setIssuedAt(NOW / 1_000 - 3_600)
      .setExpirationTime(NOW / 1_000 + 3_600)
      .sign(new TextEncoder().encode(secret.current));
    expect((await verify(`Bearer ${long}`)).kind).toBe('refused');
  });

  it('are for one audience', async () => {
    const header = await authorize({ ...parties, audience: 'task-2' }, request, secret, NOW);
    expect(await verify(header)).toEqual({ kind: 'refused', reason: 'audience' });
  });

  it('speak for the task that issued them alone', async () => {
    const header = await authorize({ ...parties, subject: 'task-2' }, request, secret, NOW);
    expect(await verify(header)).toEqual({ kind: 'refused', reason: 'claims' });
  });

  it.each([undefined, '', 'Bearer', 'Basic abc', `Bearer ${secret.current}`, 'Bearer a.b'])(
    'are not %j',
    async (header) => {
      expect(await verify(header)).toEqual({ kind: 'refused', reason: 'missing' });
    },
  );

  it('do not take the algorithm from the token', async () => {
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(
      JSON.stringify({ iss: 'task-1', sub: 'task-1', aud: ROUTER, exp: NOW / 1_000 + 60, bh: 'x' }),
    ).toString('base64url')}.AA`;
    expect((await verify(`Bearer ${none}`)).kind).toBe('refused');
  });
});

describe('tickets', () => {
  const client = { room_id: '00157', client_id: '00000000-0000-4000-8000-000000000000', created_at: NOW };

  it('are fixed for the life of a client, and differ in everything that they are made of', () => {
    const ticket = issueTicket('secret', client);
    expect(ticket).toMatch(TICKET);
    expect(issueTicket('secret', client)).toBe(ticket);
    const others = [
      issueTicket('other', client),
      issueTicket('secret', { ...client, room_id: '00158' }),
      issueTicket('secret', { ...client, client_id: '00000000-0000-4000-8000-000000000001' }),
      issueTicket('secret', { ...client, created_at: NOW + 1 }),
    ];
    expect(new Set([ticket, ...others]).size).toBe(5);
  });

  it('match their hash and no other', () => {
    const ticket = issueTicket('secret', client);
    expect(ticketMatches(ticket, ticketHash(ticket))).toBe(true);
    expect(ticketMatches(`${ticket}x`, ticketHash(ticket))).toBe(false);
    expect(ticketMatches(ticket, ticketHash('other'))).toBe(false);
    expect(ticketMatches(ticket, '')).toBe(false);
  });
});
