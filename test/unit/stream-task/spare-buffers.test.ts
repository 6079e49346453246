import { describe, expect, it } from 'vitest';
import { giveBuffer, takeBuffer } from '../../../stream-task/lane/spare-buffers.ts';

describe('spare buffers', () => {
  it('are as large as needed, and less than twice that', () => {
    for (const bytes of [0, 1, 1_024]) expect(takeBuffer(bytes)).toHaveLength(1_024);
    for (const size of [2_048, 65_536, 131_072, 16_777_216]) {
      expect(takeBuffer(size / 2 + 1)).toHaveLength(size);
      expect(takeBuffer(size)).toHaveLength(size);
    }
  });

  it('are taken again once they are given back, and nobody has one that another has', () => {
    const [first, second] = [takeBuffer(4_096), takeBuffer(4_096)];
    expect(first.buffer).not.toBe(second.buffer);
    giveBuffer(first);
    expect(takeBuffer(3_000)).toBe(first);
    expect(takeBuffer(3_000).buffer).not.toBe(first.buffer);
  });

  it('are not kept by the thousand, nor large ones at all', () => {
    const taken = Array.from({ length: 1_000 }, () => takeBuffer(2_048));
    for (const buffer of taken) giveBuffer(buffer);
    const again = new Set(Array.from({ length: 1_000 }, () => takeBuffer(2_048)));
    expect(taken.filter((buffer) => again.has(buffer)).length).toBeLessThan(10);
    const large = takeBuffer(131_072);
    giveBuffer(large);
    expect(takeBuffer(131_072)).not.toBe(large);
  });
});
