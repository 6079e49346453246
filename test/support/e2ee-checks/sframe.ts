/** SFrame as RFC 9605 has it, on one platform. */
import { concat } from '../../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { headerLength, readHeader, writeHeader } from '../../../client/src/e2ee/sframe/header.ts';
import type { Unsigned } from '../../../client/src/e2ee/sframe/header.ts';
import { deriveSframeKey } from '../../../client/src/e2ee/sframe/sframe-key.ts';
import type { SframeKey } from '../../../client/src/e2ee/sframe/sframe-key.ts';
import {
  AES_128_GCM_SHA256_128,
  AES_256_GCM_SHA512_128,
  deriveKeyAndSalt,
  keyLabel,
  ratchetBaseKey,
  sframeSecret,
} from '../../../client/src/e2ee/sframe/suite.ts';
import type { Suite } from '../../../client/src/e2ee/sframe/suite.ts';
import vectors from '../../vectors/sframe.json' with { type: 'json' };
import { assertSame, assertThat } from '../check.ts';
import type { Check } from '../check.ts';
import { allOf, hex, tampered, unhex } from '../e2ee.ts';

type SframeVector = (typeof vectors.sframe)[number];

const SUITES = [AES_128_GCM_SHA256_128, AES_256_GCM_SHA512_128];
const NONE = new Uint8Array(0);

/** As the header module has it: a number where that is exact. */
function unsigned(text: string): Unsigned {
  const value = BigInt(text);
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

function encode(kid: Unsigned, ctr: Unsigned): Bytes {
  const bytes = new Uint8Array(headerLength(kid, ctr));
  writeHeader(bytes, 0, kid, ctr);
  return bytes;
}

async function keyOf(
  port: CryptoPort,
  suite: Suite,
  base_key_bytes: number,
  kid: Unsigned,
): Promise<SframeKey> {
  return deriveSframeKey(port, suite, await sframeSecret(port, suite, new Uint8Array(base_key_bytes)), kid);
}

async function agrees(port: CryptoPort, vector: SframeVector): Promise<void> {
  const suite = SUITES.find(({ id }) => id === vector.cipher_suite)!;
  const [kid, ctr] = [unsigned(vector.kid), unsigned(vector.ctr)];
  assertSame(hex(keyLabel('SFrame 1.0 Secret key ', kid, suite)), vector.sframe_key_label, 'key label');
  assertSame(hex(keyLabel('SFrame 1.0 Secret salt ', kid, suite)), vector.sframe_salt_label, 'salt label');
  const secret = await sframeSecret(port, suite, unhex(vector.base_key));
  assertSame(hex(secret), vector.sframe_secret, 'sframe_secret');
  const { key, salt } = await deriveKeyAndSalt(port, suite, secret, kid);
  assertSame(hex(key), vector.sframe_key, 'sframe_key');
  assertSame(hex(salt), vector.sframe_salt, 'sframe_salt');

  const sframe = await deriveSframeKey(port, suite, secret, kid);
  const metadata = unhex(vector.metadata);
  const sealed = await sframe.seal(ctr, metadata, unhex(vector.pt));
  assertSame(hex(sealed), vector.ct, 'ct');
  assertSame(await sframe.open(sealed, 0, readHeader(sealed)!, metadata), unhex(vector.pt), 'pt');
  // The AAD and the nonce themselves, under a key of the platform.
  const aead = await port.aesGcm(unhex(vector.sframe_key));
  const body = await aead.seal(unhex(vector.nonce), unhex(vector.aad), unhex(vector.pt), 0);
  assertThat(vector.ct.endsWith(hex(body)), 'nonce and aad are not those of ct');
}

export const SFRAME_CHECKS: Check<CryptoPort>[] = [
  {
    name: 'has the header of every vector of the RFC, in both directions',
    async run() {
      assertSame(vectors.header.length, 289, 'number of header vectors');
      for (const { kid, ctr, encoded } of vectors.header) {
        assertSame(hex(encode(unsigned(kid), unsigned(ctr))), encoded, `header of ${kid} and ${ctr}`);
        assertSame(hex(encode(BigInt(kid), BigInt(ctr))), encoded, `header of ${kid} and ${ctr} as bigint`);
        assertSame(
          readHeader(unhex(encoded)),
          { kid: unsigned(kid), ctr: unsigned(ctr), length: encoded.length / 2 },
          `header ${encoded}`,
        );
      }
    },
  },
  {
    name: 'has a vector of each of its suites',
    async run() {
      assertSame(
        vectors.sframe.map(({ cipher_suite }) => cipher_suite),
        SUITES.map(({ id }) => id),
        'suites of the vectors',
      );
    },
  },
  ...vectors.sframe.map((vector) => ({
    name: `agrees with the vector of suite ${vector.cipher_suite} in every figure`,
    run: (port: CryptoPort) => agrees(port, vector),
  })),
  {
    name: 'refuses every turned bit of header, ciphertext, tag and metadata, and every cut',
    async run(port) {
      const key = await keyOf(port, AES_128_GCM_SHA256_128, 32, 0x123);
      const metadata = new Uint8Array(5).fill(7);
      const sealed = await key.seal(0x4567, metadata, new Uint8Array(20));
      const opens = async (bytes: Bytes, about = metadata): Promise<boolean> => {
        const header = readHeader(bytes);
        return header !== undefined && (await key.open(bytes, 0, header, about)) !== undefined;
      };
      assertThat(await opens(sealed), 'it does not open at all');
      for (const { at, bytes } of tampered(sealed)) {
        assertThat(!(await opens(bytes)), `it opens with byte ${at} turned`);
      }
      for (const { at, bytes } of tampered(metadata)) {
        assertThat(!(await opens(sealed, bytes)), `it opens with byte ${at} of the metadata turned`);
      }
      for (let end = 0; end < sealed.length; end++) {
        assertThat(!(await opens(sealed.slice(0, end))), `${end} bytes of it open`);
      }
      assertThat(!(await opens(concat(sealed, Uint8Array.of(0)))), 'it opens with a byte more');
    },
  },
  {
    name: 'opens an empty plaintext, and numbers beyond 2^53',
    async run(port) {
      const key = await keyOf(port, AES_256_GCM_SHA512_128, 16, 2n ** 64n - 1n);
      const sealed = await key.seal(2n ** 63n + 1n, NONE, NONE);
      assertSame(sealed.length, 17 + 16, 'its length');
      assertSame(await key.open(sealed, 0, readHeader(sealed)!, NONE), NONE, 'plaintext');
    },
  },
  {
    name: 'seals at once what is asked at once, each with its own number and metadata',
    async run(port) {
      const key = await keyOf(port, AES_128_GCM_SHA256_128, 32, 1);
      const about = (i: number): Bytes => new Uint8Array(4).fill(i);
      const sealed = await allOf(Array.from({ length: 20 }, (_, i) => key.seal(i, about(i), about(i))));
      const opened = await allOf(sealed.map((bytes, i) => key.open(bytes, 0, readHeader(bytes)!, about(i))));
      assertSame(
        opened,
        Array.from({ length: 20 }, (_, i) => about(i)),
        'plaintexts',
      );
    },
  },
  {
    name: 'ratchets as RFC 9605 §5.1 says',
    async run(port) {
      // HKDF-Expand(HKDF-Extract("", 32 × 03), "SFrame 1.0 Ratchet", Nh), by OpenSSL.
      for (const [suite, expected] of [
        [AES_128_GCM_SHA256_128, '12d008919074163361c4425bccdaad05cb8b9825222fa7dae8b352b2566de027'],
        [
          AES_256_GCM_SHA512_128,
          'f07edcd1841b2d4cb3dbec2a0af98e5ab5937843e1939a16e743db7f54300fbdf91f76d4c01755b6986ec88199dd9a87199ed27294a15c363df0da32405f4c7c',
        ],
      ] as const) {
        const next = await ratchetBaseKey(port, suite, new Uint8Array(32).fill(3));
        assertSame(hex(next), expected, `base key that follows in suite ${suite.id}`);
      }
    },
  },
];
