/** HTTP requests, right and wrong. */
import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { parseResponse, RawSocket, type RawResponse } from '../support/raw-socket.ts';
import { splitAt } from '../support/wire-frames.ts';

/** `own`: for this very request; the others have one fault each. `claims`: well signed, with anything in it. */
export type Token =
  | {
      kind:
        | 'own'
        | 'none'
        | 'other body'
        | 'other path'
        | 'expired'
        | 'other audience'
        | 'other secret'
        | 'no algorithm';
    }
  | { kind: 'claims'; header: unknown; claims: unknown }
  | { kind: 'text'; text: string };

export interface Request {
  method: string;
  path: string;
  query: string;
  token: Token;
  type: string | undefined;
  body: string | Uint8Array;
  framing: 'length' | 'chunked' | 'too short' | 'too long' | 'none';
  fields: [string, string][];
  cuts: number[];
}

const latin1 = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
});

const token: fc.Arbitrary<Token> = fc.oneof(
  { weight: 10, arbitrary: fc.constant<Token>({ kind: 'own' }) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        'none' as const,
        'other body' as const,
        'other path' as const,
        'expired' as const,
        'other audience' as const,
        'other secret' as const,
        'no algorithm' as const,
      )
      .map((kind): Token => ({ kind })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('claims' as const),
      header: fc.oneof(
        fc.constant({ alg: 'HS256' }),
        fc.constant({ alg: 'HS256', crit: ['exp'] }),
        fc.constant({ alg: 'HS256', b64: false, crit: ['b64'] }),
        fc.jsonValue(),
      ),
      claims: fc.oneof(
        fc.jsonValue(),
        fc.dictionary(
          fc.constantFrom('iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'bh', '__proto__'),
          fc.jsonValue(),
        ),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('text' as const),
      text: fc.oneof(
        latin1,
        fc.constantFrom('Bearer', 'Bearer a.b.c', 'Basic a', 'Bearer ..', `Bearer ${'a.'.repeat(999)}`),
      ),
    }),
  },
);

/** `value` in all but one of `weight` + 1 cases. */
export function mostly<T>(value: T, weight: number, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });
}

/** JSON that is not meant for us. */
const anyJson: fc.Arbitrary<string> = fc.oneof(
  fc.json(),
  fc
    .dictionary(
      fc.constantFrom('room_id', 'client_id', 'ticket', 'epoch', '__proto__', 'constructor'),
      fc.jsonValue(),
    )
    .map((value) => JSON.stringify(value)),
  fc.constantFrom(
    '{"__proto__":{"max_clients":1}}',
    '{"constructor":{"prototype":{}}}',
    `{"room_id":${'['.repeat(5_000)}`,
    `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
    '{"max_clients":1e999}',
    '{"max_clients":-0}',
    '{"room_id":"\\ud800"}',
    '{"\\ud800":"\\u0000"}',
    JSON.stringify(Object.fromEntries(Array.from({ length: 1_500 }, (_, n) => [n, 1]))),
  ),
);

/** Bodies that are hardly ever right, whatever the route. */
const anyBody: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: anyJson },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  { weight: 1, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(20_000, 1_100_000).map((size) => new Uint8Array(size).fill(0x20)) },
);

/** Requests to `paths`; `bodies` are those that fit the schema of a path more or less. */
export function anyRequest(
  paths: readonly string[],
  bodies: Readonly<Record<string, fc.Arbitrary<string>>>,
  fields: fc.Arbitrary<[string, string]>,
): fc.Arbitrary<Request> {
  const path = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...paths) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '/',
        '/constructor',
        '//',
        '/../register',
        '*',
        '/%',
        '/\x80',
        '/a b',
        'http://[',
        '',
      ),
    },
  );
  return path.chain((path) => {
    const posts = bodies[path] !== undefined;
    return fc.record({
      method: mostly(
        posts ? 'POST' : 'GET',
        8,
        fc.constantFrom(
          'GET',
          'POST',
          'HEAD',
          'PUT',
          'DELETE',
          'OPTIONS',
          'TRACE',
          'CONNECT',
          'PATCH',
          'post',
        ),
      ),
      path: fc.constant(path),
      query: fc.oneof(
        { weight: 5, arbitrary: fc.constant('') },
        {
          weight: 1,
          arbitrary: fc.oneof(
            fc.constantFrom(
              '?',
              '?room_id=',
              '?room_id=00157',
              '?kind=relay',
              '?kind=x&kind=y',
              '?__proto__=1',
              '?%',
            ),
            fc.webQueryParameters().map((query) => `?${query}`),
          ),
        },
      ),
      token,
      type: mostly<string | undefined>(
        'application/json',
        8,
        fc.oneof(latin1, fc.constantFrom(undefined, 'text/plain')),
      ),
      body: posts
        ? fc.oneof({ weight: 2, arbitrary: bodies[path]! }, { weight: 1, arbitrary: anyBody })
        : mostly<string | Uint8Array>('', 5, anyBody),
      framing: mostly<Request['framing']>(
        'length',
        6,
        fc.constantFrom('chunked', 'chunked', 'too short', 'too long', 'none'),
      ),
      fields: fc.oneof(
        { weight: 4, arbitrary: fc.constant<[string, string][]>([]) },
        {
          weight: 1,
          arbitrary: fc.array(
            fc.oneof(fields, fc.tuple(fc.constant('X-Any'), latin1) as fc.Arbitrary<[string, string]>),
            { maxLength: 4 },
          ),
        },
      ),
      cuts: fc.oneof(
        { weight: 3, arbitrary: fc.constant<number[]>([]) },
        { weight: 1, arbitrary: fc.array(fc.nat(900)) },
      ),
    });
  });
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');

export interface Signer {
  secret: string;
  issuer: string;
  audience: string;
  subject: string;
}

/** The value of `Authorization` for `request`: signed by hand, so that it can be wrong in every way. */
function authorization(request: Request, signer: Signer): string | undefined {
  const { token } = request;
  if (token.kind === 'none') return undefined;
  if (token.kind === 'text') return token.text;
  const body = token.kind === 'other body' ? '{}  ' : Buffer.from(request.body).toString();
  const path = token.kind === 'other path' ? '/other' : request.path;
  const now = Math.floor(Date.now() / 1_000) - (token.kind === 'expired' ? 600 : 0);
  const header =
    token.kind === 'claims' ? token.header : { alg: token.kind === 'no algorithm' ? 'none' : 'HS256' };
  const claims =
    token.kind === 'claims'
      ? token.claims
      : {
          iss: signer.issuer,
          aud: token.kind === 'other audience' ? 'somebody' : signer.audience,
          sub: signer.subject,
          iat: now,
          exp: now + 60,
          bh: createHash('sha256').update(`${request.method}\n${path}\n${body}`).digest('base64url'),
        };
  const signed = `${base64url(header)}.${base64url(claims)}`;
  const secret = token.kind === 'other secret' ? 'guessed' : signer.secret;
  return `Bearer ${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function encodeBody({ body, framing, cuts }: Request): { fields: [string, string][]; bytes: Buffer } {
  const bytes = Buffer.from(body);
  if (framing === 'none') return { fields: [], bytes };
  if (framing === 'chunked') {
    const chunks = splitAt(bytes, cuts).filter((chunk) => chunk.length > 0);
    const coded = chunks.flatMap((chunk) => [
      Buffer.from(`${chunk.length.toString(16)}\r\n`),
      chunk,
      Buffer.from('\r\n'),
    ]);
    return {
      fields: [['Transfer-Encoding', 'chunked']],
      bytes: Buffer.concat([...coded, Buffer.from('0\r\n\r\n')]),
    };
  }
  const off = framing === 'too short' ? 3 : framing === 'too long' ? -1 : 0;
  return { fields: [['Content-Length', String(Math.max(0, bytes.length + off))]], bytes };
}

/** Sends `request` on a connection of its own; the answer, or undefined for an end without one. */
export async function send(port: number, request: Request, signer: Signer): Promise<RawResponse | undefined> {
  const { method, path, query, type } = request;
  const { fields, bytes } = encodeBody(request);
  const authorized = authorization(request, signer);
  const all: [string, string][] = [
    ['Host', 'test'],
    ['Connection', 'close'],
    ...(type === undefined ? [] : [['Content-Type', type] as [string, string]]),
    ...(authorized === undefined ? [] : [['Authorization', authorized] as [string, string]]),
    ...fields,
    ...request.fields,
  ];
  const head = [
    `${method} ${path}${query} HTTP/1.1`,
    ...all.map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ];
  const raw = await RawSocket.open(port);
  try {
    await raw.writePieces(
      splitAt(Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), bytes]), request.cuts),
    );
    // A body that is said to be longer never comes: the server gives up on it.
    await raw.over();
    return parseResponse(raw.text, true);
  } finally {
    raw.destroy();
  }
}
