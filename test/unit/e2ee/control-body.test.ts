import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat } from '../../../client/src/e2ee/bytes.ts';
import {
  MAX_RESEND_RANGES,
  readControlBody,
  writeControlBody,
} from '../../../client/src/e2ee/control-body.ts';
import type { ControlBody } from '../../../client/src/e2ee/control-body.ts';
import { hex, unhex } from '../../support/e2ee.ts';

const roster = unhex('00112233445566778899aabbccddeeff');
const invitation = unhex('a1'.repeat(84));
const all = { control: { start: 1, next: 2 }, messages: { start: 3, next: 0xffffff } };
const EXAMPLES: [string, ControlBody][] = [
  ['03', { kind: 'bye' }],
  [`04${hex(roster)}00000001000000020000000300ffffff`, { kind: 'heartbeat', roster, all, own: undefined }],
  [
    `04${hex(roster)}00000001000000020000000300ffffff00000005000000060000000700000007`,
    {
      kind: 'heartbeat',
      roster,
      all,
      own: { control: { start: 5, next: 6 }, messages: { start: 7, next: 7 } },
    },
  ],
  [`07${hex(invitation)}`, { kind: 'move', invitation }],
  ['0801ff01000000', { kind: 'kept', context: 1, lane: 255, from: 0x1000000 }],
  ['057ffffffc', { kind: 'key_request', kid: 0x7ffffffc }],
  [
    '0601ff0200000000000000010000000300ffffff',
    {
      kind: 'resend',
      context: 1,
      lane: 255,
      ranges: [
        { first: 0, last: 1 },
        { first: 3, last: 0xffffff },
      ],
    },
  ],
];

describe('control bodies', () => {
  it.each(EXAMPLES)('%s is as documented, and is read back', (text, body) => {
    expect(hex(writeControlBody(body))).toBe(text);
    expect(readControlBody(unhex(text))).toEqual(body);
  });

  it.each(EXAMPLES)('%s is refused cut short or with a byte more', (text) => {
    const bytes = unhex(text);
    const cuts = Array.from(bytes, (_, end) => bytes.slice(0, end));
    // A HEARTBEAT to one member begins like one for all.
    const others = EXAMPLES.map(([other]) => other);
    for (const cut of cuts.filter((cut) => !others.includes(hex(cut)))) {
      expect(readControlBody(cut)).toBeUndefined();
    }
    expect(readControlBody(concat(bytes, Uint8Array.of(0)))).toBeUndefined();
  });

  it('has one form for each: what is read is written the same again', () => {
    const start = fc.constantFrom(...EXAMPLES.map(([text]) => unhex(text)));
    const change = fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 255 })), { maxLength: 4 });
    fc.assert(
      fc.property(start, change, (start, changes) => {
        const bytes = start.slice();
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        const body = readControlBody(bytes);
        expect(body === undefined ? hex(bytes) : hex(writeControlBody(body))).toBe(hex(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['an unknown type', '09'],
    ['a KEPT of what is not kept', '08020000000001'],
    ['a KEPT from more than there can be', '08010001000001'],
    ['a HELLO', '01'],
    ['a KID of no context', '0500000005'],
    ['a KID of 2^31', '0580000000'],
    ['a lane that ends before it starts', `04${hex(roster)}00000002000000010000000000000000`],
    ['more than there can be', `04${hex(roster)}00000000000000000000000001000001`],
    ['no range', '06010000'],
    ['an unsigned context', '060200010000000000000001'],
    ['a range that ends before it starts', '060100010000000200000001'],
    ['a range beyond the last number', '060100010000000201000000'],
    ['ranges that touch', '0601000200000000000000010000000200000003'],
    ['ranges that descend', '0601000200000005000000060000000200000003'],
  ])('refuses %s', (_, text) => {
    expect(readControlBody(unhex(text))).toBeUndefined();
  });

  it('takes 32 ranges and no more', () => {
    const ranges = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ first: 2 * i, last: 2 * i }));
    const resend = (count: number): ControlBody => ({
      kind: 'resend',
      context: 0,
      lane: 1,
      ranges: ranges(count),
    });
    expect(readControlBody(writeControlBody(resend(MAX_RESEND_RANGES)))).toEqual(resend(MAX_RESEND_RANGES));
    expect(readControlBody(writeControlBody(resend(MAX_RESEND_RANGES + 1)))).toBeUndefined();
  });
});
