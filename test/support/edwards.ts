/** Ed25519's curve -x² + y² = 1 + d·x²·y² from the addition law alone, slow and plain: what implementations are held to. */
import nacl from 'tweetnacl';
import { concat } from '../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../client/src/e2ee/bytes.ts';

/** The field's prime, and L, the order of the base point. */
export const P = 2n ** 255n - 19n;
export const L = 2n ** 252n + 27742317777372353535851937790883648493n;

interface Point {
  x: bigint;
  y: bigint;
}

/** Little-endian. */
export const toNumber = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/** The 32 bytes of a number modulo 2^256, little-endian. */
export const toBytes = (value: bigint): Bytes =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

const mod = (value: bigint): bigint => ((value % P) + P) % P;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = mod(base), rest = exponent; rest > 0n; rest >>= 1n, square = mod(square * square)) {
    if (rest & 1n) result = mod(result * square);
  }
  return result;
}

const inverse = (value: bigint): bigint => power(value, P - 2n);
const D = mod(-121665n * inverse(121666n));

function root(square: bigint): bigint | undefined {
  const candidate = power(square, (P + 3n) / 8n);
  const other = mod(candidate * power(2n, (P - 1n) / 4n));
  return [candidate, other].find((x) => mod(x * x) === mod(square));
}

function add(a: Point, b: Point): Point {
  const product = mod(D * a.x * b.x * a.y * b.y);
  return {
    x: mod((a.x * b.y + b.x * a.y) * inverse(1n + product)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - product)),
  };
}

function multiply(point: Point, scalar: bigint): Point {
  let result: Point = { x: 0n, y: 1n };
  for (let double = point, rest = scalar; rest > 0n; rest >>= 1n, double = add(double, double)) {
    if (rest & 1n) result = add(result, double);
  }
  return result;
}

function pointOf(y: bigint, is_odd: boolean): Point {
  const x = root((y * y - 1n) * inverse(D * y * y + 1n));
  if (x === undefined) throw new Error(`no point has y = ${y}`);
  return { x: (x & 1n) === 1n ? (is_odd ? x : P - x) : is_odd ? mod(-x) : x, y };
}

const encode = ({ x, y }: Point): Bytes => toBytes(y | ((x & 1n) << 255n));
const BASE = pointOf(mod(4n * inverse(5n)), false);

/** y of all points whose order divides 8, whatever the sign of x. */
export function smallOrderY(): bigint[] {
  // A point of order 8 doubled has order 4, that is y = 0: x² + y² = 0. With the curve: d·y⁴ + 2·y² - 1 = 0.
  const under = root(mod(1n + D));
  const squares = [under!, mod(-under!)].map((s) => mod((s - 1n) * inverse(D)));
  const y = squares.map(root).find((found) => found !== undefined)!;
  return [0n, 1n, P - 1n, y, P - y];
}

/** The scalar that a private key of 32 bytes stands for (RFC 8032 §5.1.5). */
export function scalarOf(seed: Bytes): bigint {
  const expanded = nacl.hash(seed);
  expanded[0]! &= 248;
  expanded[31] = (expanded[31]! & 127) | 64;
  return toNumber(expanded.subarray(0, 32));
}

/** k of the equation [S]B = R + [k]A. */
export function challenge(r: Bytes, public_key: Bytes, message: Bytes): bigint {
  return toNumber(nacl.hash(concat(r, public_key, message))) % L;
}

export interface MixedSignature {
  public_key: Bytes;
  message: Bytes;
  signature: Bytes;
  /** Whether [S]B = R + [k]A. With both sides times 8 it holds for all of them. */
  holds: boolean;
}

/** Signatures whose key, and in every second whose R, has a part of order 8: implementations differ on them by their equation. */
export function mixedOrderSignatures(seed: Bytes, count: number): MixedSignature[] {
  const order8 = pointOf(smallOrderY()[3]!, false);
  const a = scalarOf(seed);
  const r = 12_345_678_901_234_567_890n;
  const public_key = encode(add(multiply(BASE, a), order8));
  const plain = multiply(BASE, r);
  const mixed = add(plain, order8);
  return Array.from({ length: count }, (_, i) => {
    const message = Uint8Array.of(i);
    const start = encode(i % 2 === 0 ? plain : mixed);
    const k = challenge(start, public_key, message);
    return {
      public_key,
      message,
      signature: concat(start, toBytes((r + k * a) % L)),
      holds: (k + BigInt(i % 2)) % 8n === 0n,
    };
  });
}
