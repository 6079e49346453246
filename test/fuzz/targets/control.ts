/** Control text of `anteroom.v1`: JSON of every form, and what is none. [R20] [R27] */
import fc from 'fast-check';
import { NORMAL_CLOSURE } from '../../../shared/protocol/close-codes.ts';
import { MAX_CONTROL_BYTES } from '../../../shared/protocol/control.ts';
import type { Target } from '../target.ts';
import { attackTarget, BAD_FRAME, TOO_LARGE } from '../v1-room.ts';

const keys = fc.constantFrom('type', 'slot', '__proto__', 'constructor', 'toString', 'length', 'then');
const types = fc.constantFrom(
  'leave',
  'moved_on',
  'welcome',
  'left',
  'moved',
  'alive',
  'Leave',
  'leave ',
  '__proto__',
  '',
);

const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json({ depthSize: 'medium', noUnicodeString: false }),
  // Objects with a type, of whatever kind.
  fc
    .tuple(
      fc.oneof(
        types.map((type) => JSON.stringify(type)),
        fc.json(),
      ),
      fc.array(fc.tuple(keys, fc.json()), { maxLength: 4 }),
      fc.boolean(),
    )
    .map(([type, fields, last]) => {
      const entries = fields.map(([key, value]) => `${JSON.stringify(key)}:${value}`);
      const own = `"type":${type}`;
      return `{${(last ? [...entries, own] : [own, ...entries]).join(',')}}`;
    }),
  // Nested as deep as the limit lets it, also without an end.
  fc
    .tuple(fc.constantFrom('[', '{"a":', '{"type":', '[{"type":"leave"},'), fc.nat(2_000), fc.boolean())
    .map(([open, depth, closed]) => {
      const close = open === '[' || open.startsWith('[{') ? ']' : '}';
      return `${open.repeat(depth)}1${closed ? close.repeat(depth) : ''}`;
    }),
  fc
    .constantFrom(
      '1e999',
      '-0',
      '1e-400',
      '99999999999999999999999',
      'NaN',
      '\u0000',
      '\ufeff{}',
      '"\\ud800"',
    )
    .map((number) => `{"type":"x","n":${number}}`),
  // Around the limit, in characters of one byte and of more.
  fc
    .tuple(
      fc.constantFrom('x', 'é', '😀'),
      fc.integer({ min: MAX_CONTROL_BYTES - 40, max: MAX_CONTROL_BYTES + 4 }),
    )
    .map(([unit, bytes]) => {
      const most = Math.max(0, bytes - Buffer.byteLength('{"type":""}'));
      return `{"type":"${unit.repeat(Math.floor(most / Buffer.byteLength(unit)))}"}`;
    }),
);

/** What the text ends the connection with, by docs/protocol.md; undefined: it is taken. */
function outcome(control: string): number | undefined {
  if (Buffer.byteLength(control) > MAX_CONTROL_BYTES) return TOO_LARGE;
  let value: unknown;
  try {
    // As it arrives: a lone surrogate has no UTF-8, so that another character is sent in its place.
    value = JSON.parse(Buffer.from(control).toString());
  } catch {
    return BAD_FRAME;
  }
  if (Object.prototype.toString.call(value) !== '[object Object]') return BAD_FRAME;
  const { type } = value as { type?: unknown };
  if (typeof type !== 'string') return BAD_FRAME;
  return type === 'leave' ? NORMAL_CLOSURE : undefined;
}

export const controlTarget: Target = attackTarget(
  'control',
  fc.array(text, { minLength: 1, maxLength: 8 }),
  (texts, { peer }) => {
    for (const each of texts) peer.send(each);
    return { code: texts.map(outcome).find((each) => each !== undefined), heard: [[], []] };
  },
);
