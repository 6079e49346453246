/** Handshakes, right and wrong, and what is to become of each. */
import fc from 'fast-check';
import { CLIENT_ID, PROTOCOLS, ROOM_ID, TICKET } from '../../shared/protocol/subprotocol.ts';
import { HANDSHAKE_KEY, handshakeFields, requestHead } from '../support/raw-socket.ts';

/** Names in an offer that stand for what is known only when the relay runs. */
const TOKENS = [
  'SEAT',
  'WRONG TICKET',
  'OTHER ROOM',
  ...PROTOCOLS,
  'anteroom.v9',
  '',
  'x',
  'é',
  '12.a.b',
] as const;

export type Case =
  | { kind: 'offer'; fields: string[][]; spaced: string }
  | { kind: 'origin'; origins: string[] }
  | { kind: 'field'; name: string; values: string[] }
  | { kind: 'method'; method: string; target: string }
  | { kind: 'version'; version: string }
  | { kind: 'bytes'; edits: { at: number; drop: number; insert: Uint8Array }[] }
  | { kind: 'noise'; bytes: Uint8Array }
  | { kind: 'more fields'; fields: [string, string][]; size: number };

const latin1 = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
});
const token = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<string>(...TOKENS) },
  { weight: 1, arbitrary: latin1 },
);

export const handshakeCase: fc.Arbitrary<Case> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('offer' as const),
      fields: fc.oneof(
        fc.array(fc.array(token, { maxLength: 3 }), { maxLength: 3 }),
        fc.tuple(fc.tuple(fc.constantFrom<string>(...PROTOCOLS), fc.constantFrom<string>(...TOKENS))),
      ),
      spaced: fc.constantFrom(',', ', ', ' ,\t'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('origin' as const),
      origins: fc.array(
        fc.oneof(fc.constantFrom('https://app.example', 'https://evil.example', 'null', '*'), latin1),
        { maxLength: 2 },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('field' as const),
      name: fc.constantFrom('Sec-WebSocket-Version', 'Sec-WebSocket-Key'),
      values: fc.array(
        fc.oneof(fc.constantFrom('13', '8', '013', HANDSHAKE_KEY, HANDSHAKE_KEY.slice(1)), latin1),
        {
          maxLength: 2,
        },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('method' as const),
      method: fc.constantFrom(
        'GET',
        'POST',
        'HEAD',
        'PUT',
        'TRACE',
        'OPTIONS',
        'CONNECT',
        'DELETE',
        'BREW',
        'get',
      ),
      target: fc.constantFrom(
        '/',
        '/health',
        '/register',
        '*',
        'http://a/',
        '//b',
        '/%00',
        '/x?y=z#q',
        'a:1',
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('version' as const),
      version: fc.constantFrom(
        'HTTP/1.0',
        'HTTP/1.2',
        'HTTP/2.0',
        'HTTP/0.9',
        'http/1.1',
        'HTTP/1.1 ',
        'ICE/1.0',
        '',
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('bytes' as const),
      edits: fc.array(
        fc.record({ at: fc.nat(420), drop: fc.nat(4), insert: fc.uint8Array({ maxLength: 4 }) }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('noise' as const), bytes: fc.uint8Array({ maxLength: 600 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('more fields' as const),
      fields: fc.array(
        fc.tuple(
          fc.constantFrom(
            'Cookie',
            'Host',
            'X',
            'Content-Length',
            'Transfer-Encoding',
            'Expect',
            'Upgrade',
            'Trailer',
          ),
          fc.oneof(fc.constantFrom('0', '5', 'chunked', '100-continue', 'h2c', 'websocket'), latin1),
        ),
        { maxLength: 40 },
      ),
      size: fc.constantFrom(0, 100, 9_000, 100_000),
    }),
  },
);

/** What is known when the relay runs. */
export interface Seat {
  /** What a name in an offer stands for. */
  offer: (name: string) => string;
  /** The credentials of a seat that there is. */
  own: string;
}

/** The case as bytes. */
export function requestOf(test: Case, seat: Seat): Buffer {
  const fields = handshakeFields(`anteroom.v1, ${seat.own}`);
  const without = (name: string) => fields.filter(([other]) => other !== name);
  const line = 'GET / HTTP/1.1';
  switch (test.kind) {
    case 'offer': {
      const offers = test.fields.map((tokens) => tokens.map(seat.offer).join(test.spaced));
      return requestHead(line, [
        ...without('Sec-WebSocket-Protocol'),
        ...offers.map((offer) => ['Sec-WebSocket-Protocol', offer] as const),
      ]);
    }
    case 'origin':
      return requestHead(line, [...fields, ...test.origins.map((origin) => ['Origin', origin] as const)]);
    case 'field':
      return requestHead(line, [
        ...without(test.name),
        ...test.values.map((value) => [test.name, value] as const),
      ]);
    case 'method':
      return requestHead(`${test.method} ${test.target} HTTP/1.1`, fields);
    case 'version':
      return requestHead(`GET / ${test.version}`, fields);
    case 'bytes': {
      let bytes = requestHead(line, fields);
      for (const { at, drop, insert } of test.edits) {
        bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + drop)]);
      }
      return bytes;
    }
    case 'noise':
      return Buffer.from(test.bytes);
    default:
      return requestHead(line, [...fields, ...test.fields, ['X-Long', 'x'.repeat(test.size)]]);
  }
}

const trimmed = (value: string): string => value.replace(/^[ \t]+|[ \t]+$/g, '');
const printable = (value: string): boolean => !/[\x7f]/.test(value);

/** What docs/protocol.md says of the case: a status, a close code after 101, or undefined where it depends on the bytes. */
export function expected(test: Case, seat: Seat): number | undefined {
  switch (test.kind) {
    case 'offer': {
      const names = test.fields.map((tokens) => tokens.map(seat.offer).join(test.spaced));
      if (!names.every(printable)) return 400;
      const tokens = names.join(',').split(',').map(trimmed);
      const [room_id = '', client_id = '', ticket = '', ...more] = tokens[1]?.split('.') ?? [];
      const known = PROTOCOLS.some((protocol) => protocol === tokens[0]);
      const grammar =
        ROOM_ID.test(room_id) && CLIENT_ID.test(client_id) && TICKET.test(ticket) && more.length === 0;
      if (!known || tokens.length !== 2 || !grammar) return 400;
      return tokens[1] === seat.own ? 101 : 4401;
    }
    case 'origin': {
      if (!test.origins.every(printable)) return 400;
      const [only] = test.origins.map(trimmed);
      return test.origins.length === 0 || (test.origins.length === 1 && only === 'https://app.example')
        ? 101
        : 403;
    }
    case 'field': {
      if (!test.values.every(printable)) return 400;
      const [only] = test.values.map(trimmed);
      if (test.name === 'Sec-WebSocket-Version') return test.values.length === 1 && only === '13' ? 101 : 426;
      return test.values.length === 1 && /^[+/0-9A-Za-z]{22}==$/.test(only!) ? 101 : 400;
    }
    default:
      return undefined;
  }
}
