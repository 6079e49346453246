import { describe, expect, it } from 'vitest';
import { type HttpRequest, toEvent, toResponse } from '../../../dev/router/http-api.ts';

function request(given: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    url: '/echo',
    protocol: 'HTTP/1.1',
    headers: { host: 'localhost:8787', 'content-type': 'application/json' },
    source_ip: '127.0.0.1',
    body: Buffer.from('{"a":1}'),
    ...given,
  };
}

describe('request → event (payload format 2.0)', () => {
  it('takes names of the query that every object has as names like others', () => {
    const { queryStringParameters } = toEvent(
      request({ url: '/echo?constructor=1&__proto__=2' }),
      'POST /echo',
    );
    expect(Object.entries(queryStringParameters ?? {})).toEqual([
      ['constructor', '1'],
      ['__proto__', '2'],
    ]);
  });

  it('has every field of a real event', () => {
    const now = Date.UTC(2026, 2, 12, 19, 3, 58);
    const event = toEvent(
      request({
        url: '/echo?a=1&b=x%20y&a=2',
        headers: {
          host: 'localhost:8787',
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'test/1',
          cookie: 'one=1; two=2',
        },
      }),
      'POST /echo',
      now,
    );
    expect(event).toEqual({
      version: '2.0',
      routeKey: 'POST /echo',
      rawPath: '/echo',
      rawQueryString: 'a=1&b=x%20y&a=2',
      cookies: ['one=1', 'two=2'],
      headers: {
        host: 'localhost:8787',
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'test/1',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
      },
      queryStringParameters: { a: '1,2', b: 'x y' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'local',
        domainName: 'localhost:8787',
        domainPrefix: 'local',
        http: {
          method: 'POST',
          path: '/echo',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'test/1',
        },
        requestId: expect.stringMatching(/^[A-Za-z0-9+/]{16}$/) as string,
        routeKey: 'POST /echo',
        stage: '$default',
        time: '12/Mar/2026:19:03:58 +0000',
        timeEpoch: now,
      },
      body: '{"a":1}',
      isBase64Encoded: false,
    });
  });

  it('without query, cookies and body leaves them out', () => {
    const event = toEvent(request({ method: 'GET', body: Buffer.alloc(0) }), 'GET /echo');
    expect(event).not.toHaveProperty('body');
    expect(event).not.toHaveProperty('cookies');
    expect(event).not.toHaveProperty('queryStringParameters');
    expect(event).toMatchObject({ rawQueryString: '', isBase64Encoded: false });
  });

  it.each([
    ['application/octet-stream', true],
    ['application/x-www-form-urlencoded', true],
    ['application/vnd.api+json', true],
    [undefined, true],
    ['application/json', false],
    ['TEXT/plain; charset=utf-8', false],
  ])('a body of type %s in base64: %s', (type, base64) => {
    const body = Buffer.from('{"é":1}');
    const event = toEvent(request({ headers: { 'content-type': type }, body }), 'POST /echo');
    expect(event.isBase64Encoded).toBe(base64);
    expect(Buffer.from(event.body ?? '', base64 ? 'base64' : 'utf8')).toEqual(body);
  });

  it('adds the caller to X-Forwarded-For', () => {
    const event = toEvent(request({ headers: { 'x-forwarded-for': '192.0.2.1' } }), 'POST /echo');
    expect(event.headers['x-forwarded-for']).toBe('192.0.2.1, 127.0.0.1');
  });
});

describe('result → response', () => {
  it('takes status, headers and body', () => {
    const headers = { 'Content-Type': 'application/problem+json', 'Retry-After': 2 };
    expect(toResponse({ statusCode: 429, headers, body: '{}' })).toEqual({
      status: 429,
      headers: { 'content-type': 'application/problem+json', 'retry-after': '2' },
      body: '{}',
    });
  });

  it('sends cookies as headers of their own and decodes base64', () => {
    const result = { statusCode: 200, cookies: ['a=1', 'b=2'], body: 'AAEC', isBase64Encoded: true };
    expect(toResponse(result)).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain;charset=UTF-8', 'set-cookie': ['a=1', 'b=2'] },
      body: Buffer.from([0, 1, 2]),
    });
  });

  it.each([
    [{ a: 1 }, '{"a":1}'],
    ['text', 'text'],
    [undefined, 'null'],
    [[1], '[1]'],
  ])('without a status, %j is the JSON of a 200', (result, body) => {
    expect(toResponse(result)).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body,
    });
  });

  it.each([{ statusCode: 'x' }, { statusCode: 99 }, { statusCode: 200, body: { a: 1 } }])(
    'a malformed one is a 500: %j',
    (result) => {
      expect(toResponse(result)).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' });
    },
  );
});
