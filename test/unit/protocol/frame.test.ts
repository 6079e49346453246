import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSE, reconnectAfter } from '../../../shared/protocol/close-codes.ts';
import { parseControl } from '../../../shared/protocol/control.ts';
import * as frame from '../../../shared/protocol/frame.ts';
import { credentialsToken, parseCredentialsToken } from '../../../shared/protocol/subprotocol.ts';

const header = fc.record<frame.FrameHeader>({
  class: fc.constantFrom(...Object.values(frame.FRAME_CLASS)),
  droppable: fc.boolean(),
  keyframe: fc.boolean(),
  e2e: fc.boolean(),
  layer: fc.nat(7),
  stream: fc.nat(31),
  source: fc.nat(0xffff),
  destination: fc.nat(0xffff),
});

describe('frame header', () => {
  it('reads back what was written, for every field', () => {
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 64 }), (fields, payload) => {
        const bytes = frame.encodeFrame(fields, payload);
        expect(frame.headerFault(bytes)).toBeUndefined();
        expect(frame.readHeader(bytes)).toEqual(fields);
        expect(frame.sourceOf(bytes)).toBe(fields.source);
        expect(frame.destinationOf(bytes)).toBe(fields.destination);
        expect([...frame.payloadOf(bytes)]).toEqual([...payload]);
      }),
    );
  });

  it('has the layout of the protocol', () => {
    const bytes = frame.encodeFrame(
      {
        class: frame.FRAME_CLASS.VIDEO,
        droppable: true,
        keyframe: false,
        e2e: true,
        layer: 2,
        stream: 3,
        source: 0x0102,
        destination: frame.TO_ALL,
      },
      Uint8Array.of(9),
    );
    expect([...bytes]).toEqual([0b01_011_1_0_1, 0b010_00011, 1, 2, 0xff, 0xff, 9]);
  });

  it.each([
    ['short', [0x48, 0, 0, 0, 0]],
    ['version', [0x08, 0, 0, 0, 0, 0]],
    ['version', [0x88, 0, 0, 0, 0, 0]],
    ['class', [0x68, 0, 0, 0, 0, 0]],
  ] as const)('is refused as %s: %j', (fault, bytes) => {
    expect(frame.headerFault(Uint8Array.from(bytes))).toBe(fault);
  });
});

describe('credentials token', () => {
  const credentials = {
    room_id: '00157',
    client_id: '0b5f6a52-9e62-4f0a-8f0c-3d6f2f5a7c11',
    ticket: 'A'.repeat(42) + '_',
  };

  it('reads back what was written, and is a token of HTTP', () => {
    const token = credentialsToken(credentials);
    expect(parseCredentialsToken(token)).toEqual(credentials);
    // RFC 9110 §5.6.2
    expect(token).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
  });

  it('is refused in any other form', () => {
    const good = credentialsToken(credentials);
    for (const bad of [
      '',
      '..',
      `${good}.`,
      `.${good}`,
      good.toUpperCase(),
      good.slice(0, -1),
      `${good} `,
      good.slice(2),
    ]) {
      expect(parseCredentialsToken(bad)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseCredentialsToken(text)).toBeUndefined();
      }),
    );
  });
});

describe('close codes', () => {
  it('say whether to reconnect', () => {
    expect(reconnectAfter(CLOSE.UNAUTHORIZED)).toBe('never');
    expect(reconnectAfter(CLOSE.DRAINING)).toBe('now');
    expect(reconnectAfter(CLOSE.TOO_SLOW)).toBe('backoff');
    expect(reconnectAfter(1006)).toBe('backoff');
    expect(reconnectAfter(1000)).toBe('never');
  });

  it('are in the private range of RFC 6455 and each is classified', () => {
    for (const code of Object.values(CLOSE)) {
      expect(code).toBeGreaterThanOrEqual(4_000);
      expect(code).toBeLessThanOrEqual(4_999);
    }
  });
});

describe('control text', () => {
  it.each(['', 'x', 'null', '[]', '"leave"', '{}', '{"type":1}'])('is not %j', (text) => {
    expect(parseControl(text)).toBeUndefined();
  });
  it('is an object with a type', () => {
    expect(parseControl('{"type":"leave","more":1}')).toEqual({ type: 'leave', more: 1 });
  });
});
