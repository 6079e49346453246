import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePointer, encodePointer } from '../../../web/src/protocol/pointer.ts';

describe('a pointer on the wire', () => {
  it('is five bytes: version and flags, x, y', () => {
    expect([...encodePointer({ x: 0, y: 1, pressed: true, visible: true })]).toEqual([
      0x13, 0, 0, 0xff, 0xff,
    ]);
    expect([...encodePointer({ x: 0.5, y: 0, pressed: false, visible: false })]).toEqual([
      0x10, 0x80, 0, 0, 0,
    ]);
  });

  it('comes back where it was, to less than a hundredth of a pixel per thousand', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.boolean(), fc.boolean(), (x, y, pressed, visible) => {
        const pointer = decodePointer(encodePointer({ x, y, pressed, visible }))!;
        expect(Math.abs(pointer.x - x)).toBeLessThanOrEqual(0.5 / 65_535);
        expect(Math.abs(pointer.y - y)).toBeLessThanOrEqual(0.5 / 65_535);
        expect(pointer).toMatchObject({ pressed, visible });
      }),
    );
  });

  it('stays in the area', () => {
    const sent = encodePointer({ x: -3, y: 7, pressed: false, visible: true });
    expect(decodePointer(sent)).toMatchObject({ x: 0, y: 1 });
  });

  it('is read from the middle of a larger buffer', () => {
    const frame = new Uint8Array([9, 9, ...encodePointer({ x: 1, y: 0, pressed: false, visible: true })]);
    expect(decodePointer(frame.subarray(2))).toMatchObject({ x: 1, y: 0 });
  });

  it('is ignored if it is too short or of another version', () => {
    expect(decodePointer(new Uint8Array([0x11, 0, 0, 0]))).toBeUndefined();
    expect(decodePointer(new Uint8Array([0x21, 0, 0, 0, 0]))).toBeUndefined();
  });
});
