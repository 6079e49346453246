/** From an HTTP API event to a checked request. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { z } from 'zod';
import type { Fault } from '../../shared/protocol/problem.ts';
import { done, refuse, type Outcome } from '../../shared/use-cases/outcome.ts';

/** Largest body of the client routes, bytes: a join is under 200. */
export const CLIENT_BODY_BYTES = 16 * 1024;
/** Largest body of the task routes, bytes: a heartbeat of thousands of rooms. */
export const TASK_BODY_BYTES = 4 * 1024 * 1024;

/** The body as the text that was sent, or undefined if it is not UTF-8. */
function bodyText(event: APIGatewayProxyEventV2): string | undefined {
  const { body, isBase64Encoded } = event;
  if (body === undefined || !isBase64Encoded) return body ?? '';
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(body, 'base64'));
  } catch {
    return undefined;
  }
}

/** The path of a fault as people write it: `clients[0].client_id`; the body itself is `(body)`. */
function faultPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(body)';
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** Faults that are told of one request: a body of thousands of them would be answered with ten times its size. */
const MOST_FAULTS = 20;

/** The first faults with their paths, unknown fields by name. */
export function faultsOf(error: z.ZodError): Fault[] {
  return error.issues
    .flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => ({
            path: faultPath([...issue.path, key]),
            message: 'is not a field of this request',
          }))
        : [{ path: faultPath(issue.path), message: issue.message }],
    )
    .slice(0, MOST_FAULTS);
}

/** Checks a value against a schema. Refusal: `invalid_request` with its faults, {@link MOST_FAULTS} at most. */
export function checked<S extends z.ZodType>(schema: S, value: unknown): Outcome<z.infer<S>> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return done(parsed.data);
  const faults = faultsOf(parsed.error);
  const summary = faults.map(({ path, message }) => `${path} ${message}`).join('; ');
  return refuse('invalid_request', `The request does not fit: ${summary}.`, { faults });
}

/**
 * The text of the body, within `limit` bytes and of type JSON. An empty body is '' and needs no type. Refusals:
 * `too_large`, `unsupported_media_type`, `malformed_json`.
 */
export function readText(event: APIGatewayProxyEventV2, limit: number): Outcome<string> {
  const text = bodyText(event);
  if (text === undefined) return refuse('malformed_json', 'The body is not UTF-8 text.');
  if (Buffer.byteLength(text) > limit) {
    return refuse('too_large', `The body is larger than ${limit} bytes, the most that this route takes.`);
  }
  const type = event.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (text !== '' && type !== 'application/json') {
    return refuse('unsupported_media_type', 'Send JSON with the header "Content-Type: application/json".');
  }
  return done(text);
}

/** Parses and checks the body's text; an empty body is `{}`. Refusals: `malformed_json`, `invalid_request`. */
export function parseBody<S extends z.ZodType>(schema: S, text: string): Outcome<z.infer<S>> {
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    return refuse('malformed_json', `The body is not JSON: ${(error as SyntaxError).message}.`);
  }
  return checked(schema, value);
}
