/** Looks for secrets in bytes, however they may have been written down there. */

export interface Secret {
  /** What it is. Several may have one name. */
  name: string;
  /** At least {@link PIECE_BYTES}. */
  bytes: Uint8Array;
}

/** A part of a secret is a leak, too: so its beginning and its end are looked for, this many bytes of each. */
export const PIECE_BYTES = 12;

export interface Leak {
  secret: string;
  encoding: string;
}

/** The characters that some bytes alone decide, where `before` others were encoded ahead of them. */
function base64Of(piece: Uint8Array, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), piece]).toString('base64');
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + piece.length) * 8) / 6));
}

/** How bytes may stand in a capture. `at`: where the piece is in its secret. */
function* encodings(piece: Uint8Array, at: number): Generator<[encoding: string, written: Uint8Array]> {
  const bytes = Buffer.from(piece);
  const hex = bytes.toString('hex');
  yield ['bytes', bytes];
  yield ['hex', Buffer.from(hex)];
  yield ['hex in capitals', Buffer.from(hex.toUpperCase())];
  // As Node shows a Buffer, and JSON an array and a typed array.
  yield ['hex with spaces', Buffer.from(hex.replace(/..(?=.)/g, '$& '))];
  yield ['numbers', Buffer.from(bytes.join(','))];
  yield ['spaced numbers', Buffer.from(bytes.join(', '))];
  yield ['numbered bytes', Buffer.from([...bytes].map((byte, n) => `"${at + n}":${byte}`).join(','))];
  for (const before of [0, 1, 2]) {
    const text = base64Of(piece, before);
    yield [`base64 behind ${before}`, Buffer.from(text)];
    yield [`base64url behind ${before}`, Buffer.from(text.replaceAll('+', '-').replaceAll('/', '_'))];
  }
}

/** All of them, by name. */
export const ENCODINGS: readonly string[] = Array.from(
  encodings(new Uint8Array(PIECE_BYTES), 0),
  ([encoding]) => encoding,
);

interface Needle extends Leak {
  written: Uint8Array;
}

const startOf = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;

function standsAt(haystack: Uint8Array, at: number, written: Uint8Array): boolean {
  for (let i = 0; i < written.length; i++) if (haystack[at + i] !== written[i]) return false;
  return true;
}

/** A search for many secrets at once. */
export class LeakSearch {
  /** By their first four bytes. */
  readonly #needles = new Map<number, Needle[]>();

  constructor(secrets: Iterable<Secret>) {
    for (const { name, bytes } of secrets) {
      if (bytes.length < PIECE_BYTES) throw new RangeError(`${name} is too short to be told from chance`);
      for (const at of new Set([0, bytes.length - PIECE_BYTES])) {
        for (const [encoding, written] of encodings(bytes.subarray(at, at + PIECE_BYTES), at)) {
          const start = startOf(written, 0);
          const needles = this.#needles.get(start);
          const needle = { secret: name, encoding, written };
          if (needles === undefined) this.#needles.set(start, [needle]);
          else needles.push(needle);
        }
      }
    }
  }

  /** What stands in `haystack`: each secret and encoding once. */
  leaksIn(haystack: Uint8Array): Leak[] {
    const found = new Map<string, Leak>();
    for (let at = 0; at + 4 <= haystack.length; at++) {
      for (const { secret, encoding, written } of this.#needles.get(startOf(haystack, at)) ?? []) {
        if (standsAt(haystack, at, written)) found.set(`${secret} ${encoding}`, { secret, encoding });
      }
    }
    return [...found.values()];
  }
}
