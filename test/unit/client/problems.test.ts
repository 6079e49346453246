import { describe, expect, it } from 'vitest';
import { errorOfAnswer, retryAfter } from '../../../client/src/problems.ts';
import { problem, PROBLEMS } from '../../../shared/protocol/problem.ts';
import type { ProblemCode } from '../../../shared/protocol/problem.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  errorOfAnswer({ status, body, headers: new Headers(headers) }, NOW);

describe('retryAfter', () => {
  it.each([
    ['3', 3_000],
    ['0', 0],
    ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    [null, undefined],
    ['', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
  ])('reads %j as %j ms', (value, ms) => {
    expect(retryAfter(value, NOW)).toBe(ms);
  });
});

describe('errorOfAnswer', () => {
  it.each(Object.keys(PROBLEMS) as ProblemCode[])('takes %s from problem details', (code) => {
    const body = problem(code, 'what happened', 'r-1', [
      { path: 'max_clients', message: 'must be at least 1' },
    ]);
    const error = answer(body.status, JSON.stringify(body), { 'Retry-After': '2' });
    expect(error).toMatchObject({
      name: 'AnteroomError',
      code,
      message: 'what happened',
      status: PROBLEMS[code].status,
      retryable: PROBLEMS[code].retryable,
      from_router: true,
      retry_after_ms: 2_000,
      request_id: 'r-1',
      faults: [{ path: 'max_clients', message: 'must be at least 1' }],
    });
  });

  it.each([
    [429, '{"message":"Too Many Requests"}', 'rate_limited', true, 'Too Many Requests'],
    [503, '{"message":"Service Unavailable"}', 'internal', true, 'Service Unavailable'],
    [500, '{"message":"Internal Server Error"}', 'internal', true, 'Internal Server Error'],
    [404, '{"message":"Not Found"}', 'not_found', false, 'Not Found'],
    [401, '{"message":"Unauthorized"}', 'unauthorized', false, 'Unauthorized'],
    [403, '{"message":"Forbidden"}', 'forbidden', false, 'Forbidden'],
    [413, '{"message":"Request Entity Too Large"}', 'too_large', false, 'Request Entity Too Large'],
    [400, '{"message":null}', 'protocol', false, 'The router answered 400'],
    [502, '<html>Bad Gateway</html>', 'internal', true, 'The router answered 502'],
    [504, '', 'internal', true, 'The router answered 504'],
    [302, '[]', 'protocol', false, 'The router answered 302'],
  ])('tells %i %s of a gateway by its status', (status, body, code, retryable, message) => {
    expect(answer(status, body)).toMatchObject({
      code,
      retryable,
      from_router: false,
      message,
      status,
      faults: [],
    });
  });

  it('keeps what a newer router says with a code that is not known here', () => {
    const body = JSON.stringify({ code: 'on_holiday', retryable: true, detail: 'Back soon', title: 'x' });
    expect(answer(409, body)).toMatchObject({ code: 'protocol', retryable: true, message: 'Back soon' });
    expect(answer(503, JSON.stringify({ code: 'toString' }))).toMatchObject({ code: 'internal' });
  });

  it('does not take the codes of others for the router’s', () => {
    const body = JSON.stringify({ code: 'room_not_found', type: 'about:blank' });
    expect(answer(404, body)).toMatchObject({ code: 'room_not_found', from_router: false });
  });

  it('drops faults of another shape', () => {
    const faults = [{ path: 'a', message: 'b' }, null, 'x', { path: 1, message: 'c' }];
    expect(answer(422, JSON.stringify({ code: 'invalid_request', faults })).faults).toEqual([
      { path: 'a', message: 'b' },
    ]);
  });
});
