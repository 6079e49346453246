import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { parseBody, readText } from '../../../functions/runtime/body.ts';
import { createRoomRequest, joinRoomRequest, putTaskRequest } from '../../../shared/protocol/api.ts';
import type { Outcome } from '../../../shared/use-cases/outcome.ts';

const event = (body: string | undefined, type = 'application/json', isBase64Encoded = false) =>
  ({
    body,
    isBase64Encoded,
    headers: type === '' ? {} : { 'content-type': type },
  }) as unknown as APIGatewayProxyEventV2;

const codeOf = (outcome: Outcome<unknown>) => (outcome.ok ? 'ok' : outcome.refusal.code);
const faultsOf = (outcome: Outcome<unknown>) => (outcome.ok ? [] : (outcome.refusal.faults ?? []));

describe('request body', () => {
  it.each([
    ['nothing at all, of no type', event(undefined, ''), 'ok'],
    ['JSON', event('{}'), 'ok'],
    ['JSON with a charset', event('{}', 'Application/JSON; charset=utf-8'), 'ok'],
    ['JSON in base64', event(Buffer.from('{}').toString('base64'), 'application/json', true), 'ok'],
    ['text that is not UTF-8', event('/w==', 'application/json', true), 'malformed_json'],
    ['a form', event('a=1', 'application/x-www-form-urlencoded'), 'unsupported_media_type'],
    ['no type', event('{}', ''), 'unsupported_media_type'],
    ['too many bytes', event(`"${'é'.repeat(60)}"`), 'too_large'],
  ] as const)('%s', (_name, given, code) => {
    expect(codeOf(readText(given, 100))).toBe(code);
  });

  it.each(['{', '{"room_id": 00157}', "{'room_id': '1'}", 'nonsense'])('%s is malformed', (text) => {
    expect(codeOf(parseBody(joinRoomRequest, text))).toBe('malformed_json');
  });

  it('is {} when it is left out', () => {
    expect(parseBody(createRoomRequest, '')).toEqual({ ok: true, value: {} });
  });

  it('names each fault with its path and the way out', () => {
    expect(faultsOf(parseBody(joinRoomRequest, '{"room_id": 157}'))).toEqual([
      { path: 'room_id', message: 'must be a string of digits, such as "00157"' },
    ]);
    expect(faultsOf(parseBody(joinRoomRequest, '{"room_id": "12a", "roomId": "12345"}'))).toEqual([
      { path: 'room_id', message: 'must be a string of 4 to 12 digits, such as "00157"' },
      { path: 'roomId', message: 'is not a field of this request' },
    ]);
    expect(
      faultsOf(parseBody(createRoomRequest, '{"max_clients": 0, "kind": "gpu"}')).map((fault) => fault.path),
    ).toEqual(['max_clients', 'kind']);
    expect(faultsOf(parseBody(joinRoomRequest, '[]'))).toMatchObject([{ path: '(body)' }]);
    expect(
      faultsOf(
        parseBody(joinRoomRequest, '{"room_id":"12345","client_id":"0b5f6a52-9e62-4f0a-8f0c-3d6f2f5a7c11"}'),
      ),
    ).toEqual([
      {
        path: 'ticket',
        message: 'client_id and ticket go together: give both to resume, neither to join as a new client',
      },
    ]);
    const put = parseBody(putTaskRequest, JSON.stringify({ rooms: [{ room_id: '12345', epoch: 0 }] }));
    expect(faultsOf(put).map((fault) => fault.path)).toContain('rooms[0].epoch');
  });

  it('names no more than the first faults of a body that is full of them', () => {
    const fields = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`field${n}`, n]));
    const outcome = parseBody(createRoomRequest, JSON.stringify(fields));
    expect(faultsOf(outcome)).toHaveLength(20);
    expect(JSON.stringify(outcome).length).toBeLessThan(4_000);
  });

  it.each(['{"__proto__": {"max_clients": 1}}', '{"constructor": 1}', '{"toString": "x", "max_clients": 2}'])(
    'takes the names that every object has in %s for fields like others',
    (text) => {
      expect(codeOf(parseBody(createRoomRequest, text))).toBe('invalid_request');
    },
  );
});
