import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SIGNATURE_BYTES } from '../../../client/src/e2ee/ed25519.ts';
import { SEAL_BYTES, SIGNED_BYTES } from '../../../client/src/e2ee/overhead.ts';
import { Slots } from '../../../client/src/engine/slots.ts';
import { buildFrame, checkOutgoing, outgoing, readFrame } from '../../../client/src/frames.ts';
import { encodeFrame, FRAME_CLASS, HEADER_BYTES, TO_ALL, TO_RELAY } from '../../../shared/protocol/frame.ts';
import type { FrameClass, FrameHeader } from '../../../shared/protocol/frame.ts';
import { RELAY_LIMITS } from '../../support/relay-double.ts';

const slots = new Slots();
slots.add({ slot: 7, client_id: 'ann' });
const UNKNOWN = { limits: undefined, sealed: false };
const KNOWN = { limits: RELAY_LIMITS, sealed: false };
const MINE = 3;
const PAYLOAD = Uint8Array.of(1, 2, 3);
const HEADER: FrameHeader = {
  class: FRAME_CLASS.POSE,
  droppable: true,
  keyframe: false,
  e2e: false,
  layer: 2,
  stream: 31,
  source: 7,
  destination: TO_ALL,
};
const read = (header: Partial<FrameHeader>) =>
  readFrame(encodeFrame({ ...HEADER, ...header }, PAYLOAD), MINE, slots);

describe('readFrame', () => {
  it('names the sender and keeps the rest', () => {
    expect(read({})).toEqual({
      kind: 'frame',
      frame: {
        from: 'ann',
        class: FRAME_CLASS.POSE,
        stream: 31,
        layer: 2,
        droppable: true,
        keyframe: false,
        unicast: false,
        payload: PAYLOAD,
      },
    });
    expect(read({ destination: MINE })).toMatchObject({ kind: 'frame', frame: { unicast: true } });
  });

  it('refuses frames of nobody, for others, and sealed ones', () => {
    expect(read({ source: 8 })).toEqual({ kind: 'refused', message: expect.stringContaining('slot 8') });
    expect(read({ source: MINE })).toMatchObject({ kind: 'refused' });
    expect(read({ destination: 4 })).toMatchObject({ kind: 'refused', from: 'ann' });
    expect(read({ destination: TO_RELAY })).toMatchObject({ kind: 'refused', from: 'ann' });
    expect(read({ e2e: true })).toMatchObject({ kind: 'refused', from: 'ann' });
  });

  it('refuses what is no frame', () => {
    expect(readFrame(new Uint8Array(5), MINE, slots)).toMatchObject({ kind: 'refused' });
    expect(readFrame(new Uint8Array(6), MINE, slots)).toMatchObject({ kind: 'refused' });
    expect(readFrame(Uint8Array.of(0b0111_1000, 0, 0, 7, 0xff, 0xff), MINE, slots)).toMatchObject({
      kind: 'refused',
    });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        expect(['frame', 'refused']).toContain(readFrame(new Uint8Array(bytes), MINE, slots).kind);
      }),
    );
  });
});

describe('outgoing', () => {
  const droppable = (frame_class: FrameClass, options = {}) =>
    outgoing(frame_class, PAYLOAD, options).droppable;

  it.each([FRAME_CLASS.POSE, FRAME_CLASS.VIDEO, FRAME_CLASS.AUDIO])(
    '[R14] lets the relay leave class %i out, unless it must not',
    (frame_class) => {
      expect(droppable(frame_class)).toBe(true);
      expect(droppable(frame_class, { keyframe: true, to: 'ann' })).toBe(true);
      expect(droppable(frame_class, { droppable: undefined })).toBe(true);
      expect(droppable(frame_class, { droppable: false })).toBe(false);
    },
  );

  it.each([FRAME_CLASS.CTRL, FRAME_CLASS.MSG])('[R14] never lets it leave class %i out', (frame_class) => {
    expect(droppable(frame_class)).toBe(false);
    expect(droppable(frame_class, { droppable: true })).toBe(false);
  });
});

describe('checkOutgoing', () => {
  it.each([
    ['class', 5, {}],
    ['class', 1.5, {}],
    ['stream', FRAME_CLASS.MSG, { stream: 32 }],
    ['stream', FRAME_CLASS.MSG, { stream: -1 }],
    ['layer', FRAME_CLASS.MSG, { layer: 8 }],
    ['layer', FRAME_CLASS.MSG, { layer: Number.NaN }],
  ])('names %s when it is out of range', (name, frame_class, options) => {
    expect(() => checkOutgoing(frame_class as FrameClass, PAYLOAD, options, UNKNOWN)).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringContaining(`${name} must be`),
      }),
    );
  });

  it.each(['text', new ArrayBuffer(2), [1, 2], null, new Uint16Array(1)])(
    'takes no payload but bytes',
    (payload) => {
      expect(() => checkOutgoing(1, payload as unknown as Uint8Array, {}, UNKNOWN)).toThrow(
        /payload must be a Uint8Array/,
      );
    },
  );

  it('takes Buffers', () => {
    expect(() => checkOutgoing(1, Buffer.from('x'), {}, KNOWN)).not.toThrow();
  });

  it('allows the limit and names it one byte beyond', () => {
    expect(() => checkOutgoing(1, new Uint8Array(1_018), {}, KNOWN)).not.toThrow();
    expect(() => checkOutgoing(1, new Uint8Array(1_019), {}, KNOWN)).toThrow(
      /1019 bytes; the relay takes 1018 at most \(limits\.max_frame_bytes 1024/,
    );
    expect(() => checkOutgoing(1, new Uint8Array(1_019), {}, UNKNOWN)).not.toThrow();
  });

  it('leaves room for the seal in a sealed room, and for the signature of a message', () => {
    const sealed = { limits: RELAY_LIMITS, sealed: true };
    const pose = 1_024 - HEADER_BYTES - SEAL_BYTES;
    const message = pose - SIGNED_BYTES;
    expect(SIGNED_BYTES).toBe(SIGNATURE_BYTES);
    expect(() => checkOutgoing(FRAME_CLASS.POSE, new Uint8Array(pose), {}, sealed)).not.toThrow();
    expect(() => checkOutgoing(FRAME_CLASS.POSE, new Uint8Array(pose + 1), {}, sealed)).toThrow(
      /the relay takes 993 at most .* less the 6 of the header, 25 of the seal\)/,
    );
    expect(() => checkOutgoing(FRAME_CLASS.MSG, new Uint8Array(message), {}, sealed)).not.toThrow();
    expect(() => checkOutgoing(FRAME_CLASS.MSG, new Uint8Array(message + 1), {}, sealed)).toThrow(
      /the relay takes 929 at most .* and 64 of the signature\)/,
    );
  });

  it("keeps class CTRL of a sealed room for the encryption's own use", () => {
    expect(() => checkOutgoing(FRAME_CLASS.CTRL, PAYLOAD, {}, KNOWN)).not.toThrow();
    expect(() => checkOutgoing(FRAME_CLASS.CTRL, PAYLOAD, {}, { ...KNOWN, sealed: true })).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: expect.stringContaining('FRAME_CLASS.MSG'),
      }),
    );
  });
});

describe('buildFrame', () => {
  it('is read by the receiver as it was sent', () => {
    const options = fc.record({
      stream: fc.integer({ min: 0, max: 31 }),
      layer: fc.integer({ min: 0, max: 7 }),
      droppable: fc.boolean(),
      keyframe: fc.boolean(),
    });
    const frame_class = fc.constantFrom(...Object.values(FRAME_CLASS));
    fc.assert(
      fc.property(frame_class, options, fc.uint8Array(), (frame_class, options, payload) => {
        const droppable = options.droppable && frame_class > FRAME_CLASS.MSG;
        expect(readFrame(buildFrame(outgoing(frame_class, payload, options), 7, MINE), MINE, slots)).toEqual({
          kind: 'frame',
          frame: { ...options, droppable, from: 'ann', class: frame_class, unicast: true, payload },
        });
      }),
    );
  });
});
