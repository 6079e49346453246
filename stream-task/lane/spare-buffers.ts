/**
 * Buffers for messages that are not complete yet. A busy socket leaves one behind at the end of nearly every read, for
 * microseconds: to allocate each anew costs more than to copy the bytes, so a few are kept.
 */

const SMALLEST = 1_024;
const LARGEST_KEPT = 65_536;
/** Of each size: 1 MB in all. */
const KEPT = 8;

const spares = new Map<number, Buffer[]>();
for (let size = SMALLEST; size <= LARGEST_KEPT; size *= 2) spares.set(size, []);

/** A buffer of at least `bytes` (up to 2^30), with anything in it: less than twice as large, or 1 KB. */
export function takeBuffer(bytes: number): Buffer {
  const size = bytes <= SMALLEST ? SMALLEST : 1 << (32 - Math.clz32(bytes - 1));
  // Never a slice of Node's pool: a byte that is kept would hold 8 KB there.
  return spares.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
}

/** Gives back what `takeBuffer` gave. Nothing may use it any more. */
export function giveBuffer(buffer: Buffer): void {
  const kept = spares.get(buffer.length);
  if (kept !== undefined && kept.length < KEPT) kept.push(buffer);
}
