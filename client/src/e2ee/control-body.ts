/**
 * The bodies of context 0, which are signed and sealed. Their first byte goes on from HELLO (01) and KEY (02):
 *
 * ```
 * BYE        03
 * HEARTBEAT  04 | roster hash(16) | lane 0: SPANS | to one member alone: its lane: SPANS
 * KEYREQ     05 | KID u32
 * RESEND     06 | context u8 | lane u8 | count u8 | count × (first u32 | last u32)
 * MOVE       07 | invitation(84), sealed by itself: see `invitation.ts`
 * KEPT       08 | context u8 | lane u8 | from u32
 *
 * SPANS         start u32 | next u32 of context 0 | start u32 | next u32 of context 1
 * ```
 *
 * Big-endian, no byte more. Of SPANS, `next - 1` was the last sequence number of the lane when they were written, and `start`
 * is the first that whoever is new can open: that of the key in use, or of the lane. RESEND names a lane of the member that it
 * is for, in ranges that ascend and do not touch. KEPT answers it where some was asked for that is gone: what is before `from`.
 */
import { concat, readU32, writeU32 } from './bytes.ts';
import type { Bytes } from './bytes.ts';
import { INVITATION_BYTES } from './invitation.ts';
import type { Context } from './kid.ts';
import { isSigned, unpackKid } from './kid.ts';
import { MAX_SEQUENCE } from './lanes.ts';
import type { Range } from './reorder.ts';
import { ROSTER_BYTES } from './roster.ts';

/** First byte of a body. */
export const CONTROL = { BYE: 3, HEARTBEAT: 4, KEYREQ: 5, RESEND: 6, MOVE: 7, KEPT: 8 } as const;

export const MAX_RESEND_RANGES = 32;

/** Sequence numbers of a lane that the members can open: from `start` up to, without, `next`. */
export interface Span {
  start: number;
  next: number;
}

/** Of one lane. */
export interface Spans {
  /** Context 0. */
  control: Span;
  /** Context 1. */
  messages: Span;
}

export type ControlBody =
  | { kind: 'bye' }
  /** `own`: of the lane of the member that it is for; undefined if it is for all. */
  | { kind: 'heartbeat'; roster: Bytes; all: Spans; own: Spans | undefined }
  | { kind: 'key_request'; kid: number }
  | { kind: 'resend'; context: Context; lane: number; ranges: Range[] }
  | { kind: 'move'; invitation: Bytes }
  /** Nothing before `from` can be sent again. */
  | { kind: 'kept'; context: Context; lane: number; from: number };

const SPANS_BYTES = 16;
const SPANS_AT = 1 + ROSTER_BYTES;
const RESEND_RANGES_AT = 4;
const KEPT_BYTES = 7;

/** The bytes of a body whose fields are in range; they come from our own code. */
export function writeControlBody(body: ControlBody): Bytes {
  switch (body.kind) {
    case 'bye':
      return Uint8Array.of(CONTROL.BYE);
    case 'heartbeat':
      return writeHeartbeat(body);
    case 'key_request': {
      const bytes = Uint8Array.of(CONTROL.KEYREQ, 0, 0, 0, 0);
      writeU32(bytes, 1, body.kid);
      return bytes;
    }
    case 'move':
      return concat(Uint8Array.of(CONTROL.MOVE), body.invitation);
    case 'kept': {
      const bytes = Uint8Array.of(CONTROL.KEPT, body.context, body.lane, 0, 0, 0, 0);
      writeU32(bytes, 3, body.from);
      return bytes;
    }
    default:
      return writeResend(body);
  }
}

function writeHeartbeat({ roster, all, own }: ControlBody & { kind: 'heartbeat' }): Bytes {
  const lanes = own === undefined ? [all] : [all, own];
  const bytes = new Uint8Array(SPANS_AT + SPANS_BYTES * lanes.length);
  bytes[0] = CONTROL.HEARTBEAT;
  bytes.set(roster, 1);
  const spans = lanes.flatMap(({ control, messages }) => [control, messages]);
  const numbers = spans.flatMap(({ start, next }) => [start, next]);
  numbers.forEach((value, i) => writeU32(bytes, SPANS_AT + 4 * i, value));
  return bytes;
}

function writeResend({ context, lane, ranges }: ControlBody & { kind: 'resend' }): Bytes {
  const bytes = new Uint8Array(RESEND_RANGES_AT + 8 * ranges.length);
  bytes.set([CONTROL.RESEND, context, lane, ranges.length]);
  ranges.forEach(({ first, last }, i) => {
    writeU32(bytes, RESEND_RANGES_AT + 8 * i, first);
    writeU32(bytes, RESEND_RANGES_AT + 8 * i + 4, last);
  });
  return bytes;
}

/** Reads a body that was opened and verified; undefined for any that {@link writeControlBody} does not write. */
export function readControlBody(bytes: Bytes): ControlBody | undefined {
  switch (bytes[0]) {
    case CONTROL.BYE:
      return bytes.length === 1 ? { kind: 'bye' } : undefined;
    case CONTROL.HEARTBEAT:
      return readHeartbeat(bytes);
    case CONTROL.KEYREQ: {
      if (bytes.length !== 5) return undefined;
      const kid = readU32(bytes, 1);
      return unpackKid(kid) === undefined ? undefined : { kind: 'key_request', kid };
    }
    case CONTROL.RESEND:
      return readResend(bytes);
    case CONTROL.MOVE:
      return bytes.length === 1 + INVITATION_BYTES ? { kind: 'move', invitation: bytes.slice(1) } : undefined;
    case CONTROL.KEPT:
      return readKept(bytes);
    default:
      return undefined;
  }
}

function readKept(bytes: Bytes): ControlBody | undefined {
  const [, context, lane] = bytes;
  if (bytes.length !== KEPT_BYTES || !isSigned(context as Context)) return undefined;
  const from = readU32(bytes, 3);
  return from <= MAX_SEQUENCE + 1
    ? { kind: 'kept', context: context as Context, lane: lane!, from }
    : undefined;
}

function readSpan(bytes: Bytes, at: number): Span | undefined {
  const span = { start: readU32(bytes, at), next: readU32(bytes, at + 4) };
  return span.start <= span.next && span.next <= MAX_SEQUENCE + 1 ? span : undefined;
}

function readSpans(bytes: Bytes, at: number): Spans | undefined {
  const control = readSpan(bytes, at);
  const messages = readSpan(bytes, at + 8);
  return control === undefined || messages === undefined ? undefined : { control, messages };
}

function readHeartbeat(bytes: Bytes): ControlBody | undefined {
  const lanes = (bytes.length - SPANS_AT) / SPANS_BYTES;
  if (lanes !== 1 && lanes !== 2) return undefined;
  const all = readSpans(bytes, SPANS_AT);
  const own = lanes === 2 ? readSpans(bytes, SPANS_AT + SPANS_BYTES) : undefined;
  if (all === undefined || (lanes === 2 && own === undefined)) return undefined;
  return { kind: 'heartbeat', roster: bytes.slice(1, SPANS_AT), all, own };
}

function readResend(bytes: Bytes): ControlBody | undefined {
  const [, context, lane, count] = bytes;
  if (context === undefined || lane === undefined || count === undefined) return undefined;
  if (!isSigned(context as Context) || count === 0 || count > MAX_RESEND_RANGES) return undefined;
  if (bytes.length !== RESEND_RANGES_AT + 8 * count) return undefined;
  const ranges: Range[] = [];
  for (let at = RESEND_RANGES_AT, least = 0; at < bytes.length; at += 8) {
    const range = { first: readU32(bytes, at), last: readU32(bytes, at + 4) };
    if (range.first < least || range.last < range.first || range.last > MAX_SEQUENCE) return undefined;
    ranges.push(range);
    // The next range begins behind a number that is not asked for.
    least = range.last + 2;
  }
  return { kind: 'resend', context: context as Context, lane, ranges };
}
