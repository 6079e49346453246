/** Signatures that implementations disagree on, and the one verdict that ours have to give. */
import nacl from 'tweetnacl';
import { concat, utf8 } from '../../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { isSoundPublicKey, publicKeyOf } from '../../../client/src/e2ee/ed25519.ts';
import { assertSame, assertThat } from '../check.ts';
import type { Check } from '../check.ts';
import {
  challenge,
  L,
  mixedOrderSignatures,
  P,
  scalarOf,
  smallOrderY,
  toBytes,
  toNumber,
} from '../edwards.ts';
import { hex, seededFill, tampered } from '../e2ee.ts';

const SEED = new Uint8Array(32).fill(5);
const MESSAGE = utf8('to whom it may concern');
const PUBLIC_KEY = publicKeyOf(SEED);
/** Some of which hold by the equation. */
const MIXED = mixedOrderSignatures(SEED, 24);
const SIGN_BIT = 1n << 255n;
const SIGNATURE = concat(nacl.sign.detached(MESSAGE, nacl.sign.keyPair.fromSeed(SEED).secretKey));

/** What a platform says of a signature, whatever key it is under. */
async function verdict(
  port: CryptoPort,
  public_key: Bytes,
  message: Bytes,
  signature: Bytes,
): Promise<boolean> {
  const verifier = await port.verifier(public_key);
  return verifier !== undefined && (await verifier.verify(message, signature));
}

async function assertRefused(
  port: CryptoPort,
  public_key: Bytes,
  message: Bytes,
  signature: Bytes,
  what: string,
): Promise<void> {
  assertThat(!(await verdict(port, public_key, message, signature)), `${what} is accepted`);
}

/**
 * `0` and `1` for each of `count` keys with signatures: random bytes, or sound ones with up to two turned bits. Every
 * platform says the same.
 */
export async function verdictsOnNoise(port: CryptoPort, seed: number, count: number): Promise<string> {
  const fill = seededFill(seed);
  const draws = new Uint8Array(3);
  let verdicts = '';
  for (let i = 0; i < count; i++) {
    const bytes = concat(PUBLIC_KEY, SIGNATURE);
    if (i % 2 === 0) fill(bytes);
    else {
      fill(draws);
      const turns = i % 8 === 1 ? 0 : 1 + (draws[0]! % 2);
      for (const draw of draws.subarray(1, 1 + turns)) bytes[draw % 96]! ^= 1 << (draws[0]! >>> 5);
    }
    verdicts += (await verdict(port, bytes.slice(0, 32), MESSAGE, bytes.slice(32))) ? '1' : '0';
  }
  return verdicts;
}

export const ED25519_CHECKS: Check<CryptoPort>[] = [
  {
    name: 'accepts what was signed, and refuses every turned bit of signature, message and key',
    async run(port) {
      assertThat(await verdict(port, PUBLIC_KEY, MESSAGE, SIGNATURE), 'its own signature is refused');
      for (const { at, bytes } of tampered(SIGNATURE)) {
        await assertRefused(port, PUBLIC_KEY, MESSAGE, bytes, `byte ${at} of the signature turned`);
      }
      for (const { at, bytes } of tampered(MESSAGE)) {
        await assertRefused(port, PUBLIC_KEY, bytes, SIGNATURE, `byte ${at} of the message turned`);
      }
      for (const { at, bytes } of tampered(PUBLIC_KEY)) {
        await assertRefused(port, bytes, MESSAGE, SIGNATURE, `byte ${at} of the key turned`);
      }
    },
  },
  {
    name: 'refuses S + L, which tweetnacl itself takes for the same signature',
    async run(port) {
      const s = toNumber(SIGNATURE.subarray(32));
      for (const other of [s + L, s + 2n * L, s + 7n * L]) {
        const forged = concat(SIGNATURE.subarray(0, 32), toBytes(other));
        assertThat(nacl.sign.detached.verify(MESSAGE, forged, PUBLIC_KEY), 'tweetnacl refuses it');
        await assertRefused(port, PUBLIC_KEY, MESSAGE, forged, 'S + L');
      }
      for (const s of [L, L + 1n, 2n ** 255n, 2n ** 256n - 1n]) {
        const forged = concat(SIGNATURE.subarray(0, 32), toBytes(s));
        await assertRefused(port, PUBLIC_KEY, MESSAGE, forged, `S = ${s}`);
      }
    },
  },
  {
    name: 'refuses keys of small order, under which tweetnacl itself finds signatures for any message',
    async run(port) {
      const zero = new Uint8Array(32);
      let lenient = 0;
      for (const key of smallOrderY().flatMap((y) => [toBytes(y), toBytes(y | SIGN_BIT)])) {
        assertThat(!isSoundPublicKey(key), `key ${hex(key)} is sound`);
        for (const r of [1n, P - 1n]) {
          const signature = concat(toBytes(r), zero);
          for (const i of [0, 1]) {
            if (nacl.sign.detached.verify(Uint8Array.of(i), signature, key)) lenient++;
            await assertRefused(port, key, Uint8Array.of(i), signature, `a signature under ${hex(key)}`);
          }
        }
      }
      assertThat(lenient > 5, `tweetnacl accepts ${lenient} of them`);
    },
  },
  {
    name: 'refuses an R of small order under a sound key, which tweetnacl itself accepts',
    async run(port) {
      // R = 0·B = (0, 1) and S = k·a: valid by the equation.
      const r = toBytes(1n);
      const s = (challenge(r, PUBLIC_KEY, MESSAGE) * scalarOf(SEED)) % L;
      const forged = concat(r, toBytes(s));
      assertThat(nacl.sign.detached.verify(MESSAGE, forged, PUBLIC_KEY), 'tweetnacl refuses it');
      await assertRefused(port, PUBLIC_KEY, MESSAGE, forged, 'R = (0, 1)');
    },
  },
  {
    name: 'judges by [S]B = R + [k]A itself, not by eight times that, where key or R have a part of small order',
    async run(port) {
      for (const { public_key, message, signature, holds } of MIXED) {
        assertSame(
          await verdict(port, public_key, message, signature),
          holds,
          `verdict on ${hex(signature)}`,
        );
      }
      const held = new Set(MIXED.map(({ holds }) => holds));
      assertSame(held.size, 2, 'number of verdicts');
    },
  },
  {
    name: 'refuses keys and R that are not canonical',
    async run(port) {
      for (let over = 0n; over < 19n; over++) {
        for (const point of [toBytes(P + over), toBytes((P + over) | SIGN_BIT)]) {
          assertThat(!isSoundPublicKey(point), `key ${hex(point)} is sound`);
          await assertRefused(port, point, MESSAGE, SIGNATURE, `the key ${hex(point)}`);
          const forged = concat(point, SIGNATURE.subarray(32));
          await assertRefused(port, PUBLIC_KEY, MESSAGE, forged, `R = ${hex(point)}`);
        }
      }
      assertThat(isSoundPublicKey(toBytes(P - 2n)), 'y = p - 2 is not sound');
    },
  },
  {
    name: 'refuses keys that are no point, and keys and signatures of another length',
    async run(port) {
      // y = 2 is not on the curve.
      await assertRefused(port, toBytes(2n), MESSAGE, SIGNATURE, 'y = 2');
      for (const length of [0, 31, 33]) {
        const key = concat(PUBLIC_KEY, PUBLIC_KEY).slice(0, length);
        await assertRefused(port, key, MESSAGE, SIGNATURE, `a key of ${length} bytes`);
      }
      for (const length of [0, 32, 63, 65]) {
        const cut = concat(SIGNATURE, SIGNATURE).slice(0, length);
        await assertRefused(port, PUBLIC_KEY, MESSAGE, cut, `a signature of ${length} bytes`);
      }
    },
  },
];
