import { describe, expect, it } from 'vitest';
import { credentialsToken } from '../../../shared/protocol/subprotocol.ts';
import { checkUpgrade, type UpgradeRequest } from '../../../stream-task/upgrade.ts';
import { newClient } from '../../support/relay.ts';

const credentials = { room_id: '00157', ...newClient() };
const token = credentialsToken(credentials);
const limits = { allowed_origins: ['https://app.example'], sockets: 1, max_sockets: 1 };

function verdict(
  headers: UpgradeRequest['headersDistinct'],
  more: Partial<UpgradeRequest> = {},
  sockets = 1,
): number | string {
  const request: UpgradeRequest = {
    method: 'GET',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headersDistinct: {
      host: ['relay.example'],
      'sec-websocket-version': ['13'],
      'sec-websocket-key': ['AAAAAAAAAAAAAAAAAAAAAA=='],
      'sec-websocket-protocol': [`anteroom.v1, ${token}`],
      ...headers,
    },
    ...more,
  };
  const result = checkUpgrade(request, { ...limits, sockets });
  return result.kind === 'refused'
    ? result.status
    : `${result.protocol} ${credentialsToken(result.credentials)}`;
}
const taken = `anteroom.v1 ${token}`;

describe('handshake check', () => {
  it.each([
    ['as it should be', {}, taken],
    ['of two header fields', { 'sec-websocket-protocol': ['anteroom.v1', token] }, taken],
    ['with white space of HTTP', { 'sec-websocket-protocol': [` \tanteroom.v1\t ,\t${token} `] }, taken],
    ['with other white space', { 'sec-websocket-protocol': [`anteroom.v1\u00a0, ${token}`] }, 400],
    ['with an empty member', { 'sec-websocket-protocol': [`anteroom.v1,, ${token}`] }, 400],
    ['without an offer', { 'sec-websocket-protocol': undefined }, 400],
    ['from a page that may', { origin: ['https://app.example'] }, taken],
    ['from a page that may not', { origin: ['https://evil.example'] }, 403],
    ['from two pages', { origin: ['https://app.example', 'https://app.example'] }, 403],
    ['without a host', { host: undefined }, 400],
    ['with two hosts', { host: ['relay.example', 'relay.example'] }, 400],
    ['of another version', { 'sec-websocket-version': ['8'] }, 426],
    ['of two versions', { 'sec-websocket-version': ['13', '13'] }, 426],
    ['with a short key', { 'sec-websocket-key': ['AAAA'] }, 400],
    ['with two keys', { 'sec-websocket-key': ['AAAAAAAAAAAAAAAAAAAAAA==', 'AAAAAAAAAAAAAAAAAAAAAA=='] }, 400],
  ])('[R6] [R7] an offer %s', (_what, headers, expected) => {
    expect(verdict(headers)).toBe(expected);
  });

  it('[R6] [R8] another method, an older HTTP, too many sockets', () => {
    expect(verdict({}, { method: 'POST' })).toBe(405);
    expect(verdict({}, { httpVersionMinor: 0 })).toBe(400);
    expect(verdict({}, {}, 2)).toBe(429);
  });

  it('takes no longer for long runs of white space than for other characters', () => {
    const blank = ' '.repeat(2_000_000);
    const started = performance.now();
    expect(verdict({ 'sec-websocket-protocol': [`anteroom.v1${blank}x, ${token}`] })).toBe(400);
    // In quadratic time: half an hour.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
