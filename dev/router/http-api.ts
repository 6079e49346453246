/**
 * The two mappings of an API Gateway HTTP API with payload format 2.0: request → event, result → response.
 * Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs".
 */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { ACCOUNT } from '../aws/local-task.ts';

export interface HttpRequest {
  method: string;
  /** Path and query as they were sent. */
  url: string;
  /** The version as in `HTTP/1.1`. */
  protocol: string;
  headers: IncomingHttpHeaders;
  source_ip: string;
  body: Buffer;
}

export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[]>;
  body: Buffer | string;
}

/** Bodies of these types reach the function as text, all others in base64. */
const TEXT_TYPE = /^(?:text\/.*|application\/(?:json|javascript|xml))$/;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (value: number): string => String(value).padStart(2, '0');

/** The common log format's time: `12/Mar/2026:19:03:58 +0000`. */
function logTime(date: Date): string {
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  return `${day}:${date.toISOString().slice(11, 19)} +0000`;
}

/** Values of a name that is there more than once are joined by commas. Names are the peer's: `__proto__` is one. */
function queryParameters(query: string): Record<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = parameters.get(name);
    parameters.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(parameters);
}

/** The event for `request` on the route `routeKey`, such as `POST /create-room`. */
export function toEvent(request: HttpRequest, routeKey: string, now = Date.now()): APIGatewayProxyEventV2 {
  const { method, headers, source_ip, body } = request;
  const mark = request.url.indexOf('?');
  const rawPath = mark < 0 ? request.url : request.url.slice(0, mark);
  const rawQueryString = mark < 0 ? '' : request.url.slice(mark + 1);
  const { cookie, ...others } = headers;
  const joined = Object.entries(others).map(([name, value]) => [name, String(value)] as const);
  const text = TEXT_TYPE.test((headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase());
  const forwarded = headers['x-forwarded-for'];
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; */) }),
    headers: {
      ...Object.fromEntries(joined),
      'x-forwarded-for': forwarded === undefined ? source_ip : `${String(forwarded)}, ${source_ip}`,
      'x-forwarded-proto': 'http',
    },
    ...(rawQueryString === '' ? {} : { queryStringParameters: queryParameters(rawQueryString) }),
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'local',
      domainName: headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method,
        path: rawPath,
        protocol: request.protocol,
        sourceIp: source_ip,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomBytes(12).toString('base64'),
      routeKey,
      stage: '$default',
      time: logTime(new Date(now)),
      timeEpoch: now,
    },
    ...(body.length === 0 ? {} : { body: body.toString(text ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !text,
  };
}

/** An answer of API Gateway itself. */
export function gatewayAnswer(status: number, message: string): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message }),
  };
}

export const INTERNAL_SERVER_ERROR = gatewayAnswer(500, 'Internal Server Error');

interface StructuredResult {
  statusCode: unknown;
  headers?: Readonly<Record<string, unknown>> | undefined;
  cookies?: readonly string[] | undefined;
  body?: unknown;
  isBase64Encoded?: boolean | undefined;
}

/** The response for what a handler returned. A result without `statusCode` is the JSON body of a 200. */
export function toResponse(result: unknown): HttpResponse {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    const body = typeof result === 'string' ? result : JSON.stringify(result ?? null);
    return { status: 200, headers: { 'content-type': 'application/json' }, body };
  }
  const { statusCode, headers = {}, cookies, body, isBase64Encoded } = result as StructuredResult;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return INTERNAL_SERVER_ERROR;
  if (body !== undefined && typeof body !== 'string') return INTERNAL_SERVER_ERROR;
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    status,
    headers: {
      'content-type': 'text/plain;charset=UTF-8',
      ...(Object.fromEntries(lower) as Record<string, string>),
      ...(cookies === undefined ? {} : { 'set-cookie': [...cookies] }),
    },
    body: isBase64Encoded === true ? Buffer.from(body ?? '', 'base64') : (body ?? ''),
  };
}
