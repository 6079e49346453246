/** What each adapter of `CryptoPort` has to do, by the examples of the standards. */
import type { Awaitable } from '../../../client/src/e2ee/awaitable.ts';
import { concat, utf8 } from '../../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { publicKeyOf } from '../../../client/src/e2ee/ed25519.ts';
import { hkdf, hkdfExpand, hkdfExtract } from '../../../client/src/e2ee/hkdf.ts';
import { assertSame, assertThat, assertThrows } from '../check.ts';
import type { Check } from '../check.ts';
import { hex, tampered, unhex } from '../e2ee.ts';

const SEED = new Uint8Array(32).fill(5);
const MESSAGE = utf8('to whom it may concern');
const NONCE = new Uint8Array(12).fill(2);
const NONE = new Uint8Array(0);

const range = (from: number, to: number): Bytes => Uint8Array.from({ length: to - from }, (_, i) => from + i);
const ONES = new Uint8Array(22).fill(0x0b);

/** RFC 5869, appendix A, test cases 1 to 3. */
const HKDF_CASES = [
  {
    secret: ONES,
    salt: range(0, 13),
    info: range(0xf0, 0xfa),
    length: 42,
    expected: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    secret: range(0, 0x50),
    salt: range(0x60, 0xb0),
    info: range(0xb0, 0x100),
    length: 82,
    expected:
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  },
  {
    secret: ONES,
    salt: NONE,
    info: NONE,
    length: 42,
    expected: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
];

async function checkGcm(port: CryptoPort, key_bytes: number): Promise<void> {
  const key = await port.aesGcm(new Uint8Array(key_bytes).fill(1));
  const aad = Uint8Array.of(3);
  const sealed = await key.seal(NONCE, aad, MESSAGE, 4);
  assertSame(hex(sealed.subarray(0, 4)), '00000000', 'the room before the ciphertext');
  assertSame(await key.open(NONCE, aad, sealed, 4), MESSAGE, 'plaintext');
  for (const { at, bytes } of tampered(sealed, 4)) {
    assertSame(await key.open(NONCE, aad, bytes, 4), undefined, `plaintext with byte ${at} turned`);
  }
  assertSame(await key.open(NONCE, Uint8Array.of(2), sealed, 4), undefined, 'plaintext of another AAD');
  assertSame(await key.open(NONCE.with(0, 1), aad, sealed, 4), undefined, 'plaintext of another nonce');
  assertSame(await key.open(NONCE, aad, sealed.slice(0, 19), 4), undefined, 'plaintext without a tag');
}

/** Each call of the port that takes bytes, and what to give it. */
const CALLS: [
  name: string,
  inputs: Bytes[],
  call: (port: CryptoPort, a: Bytes, b: Bytes) => Awaitable<unknown>,
][] = [
  ['sha256', [MESSAGE], (port, data) => port.sha256(data)],
  ['hmac', [SEED, MESSAGE], (port, key, data) => port.hmac('SHA-256', key, data)],
  ['pbkdf2', [SEED, MESSAGE], (port, password, salt) => port.pbkdf2(password, salt, 2, 32)],
  [
    'aesGcm',
    [SEED],
    async (port, key) => {
      const aead = port.aesGcm(key);
      return (await aead).seal(NONCE, NONE, MESSAGE, 0);
    },
  ],
  [
    'signer',
    [SEED],
    async (port, seed) => {
      const signer = port.signer(seed);
      return (await signer).sign(MESSAGE);
    },
  ],
  [
    'verifier',
    [publicKeyOf(SEED)],
    async (port, key) => {
      const verifier = port.verifier(key);
      return (await verifier) !== undefined;
    },
  ],
];

export const PLATFORM_CHECKS: Check<CryptoPort>[] = [
  {
    name: 'hashes, authenticates and stretches as the standards’ examples do',
    async run(port) {
      const ask = utf8('what do ya want for nothing?');
      assertSame(
        hex(await port.sha256(utf8('abc'))),
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
        'SHA-256 of FIPS 180-2 B.1',
      );
      assertSame(
        hex(await port.hmac('SHA-256', utf8('Jefe'), ask)),
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
        'HMAC-SHA-256 of RFC 4231, case 2',
      );
      assertSame(
        hex(await port.hmac('SHA-512', utf8('Jefe'), ask)),
        '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
        'HMAC-SHA-512 of RFC 4231, case 2',
      );
      const long = utf8('Test Using Larger Than Block-Size Key - Hash Key First');
      assertSame(
        hex(await port.hmac('SHA-256', new Uint8Array(131).fill(0xaa), long)),
        '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
        'HMAC-SHA-256 of RFC 4231, case 6',
      );
      assertSame(
        hex(await port.pbkdf2(utf8('passwd'), utf8('salt'), 1, 64)),
        '55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783',
        'PBKDF2 of RFC 7914 §11',
      );
    },
  },
  {
    name: 'derives the keys of RFC 5869, test cases 1 to 3',
    async run(port) {
      for (const { secret, salt, info, length, expected } of HKDF_CASES) {
        assertSame(hex(await hkdf(port, secret, salt, info, length)), expected, 'derived key');
        const key = await hkdfExtract(port, 'SHA-256', salt, secret);
        assertSame(hex(await hkdfExpand(port, 'SHA-256', key, info, length)), expected, 'expanded key');
      }
    },
  },
  {
    name: 'seals with AES-GCM behind the room that it is told to leave, and refuses every turned bit',
    async run(port) {
      await checkGcm(port, 16);
      await checkGcm(port, 32);
    },
  },
  {
    name: 'gives plaintexts whose slice is a copy',
    async run(port) {
      const key = await port.aesGcm(SEED);
      const opened = (await key.open(NONCE, NONE, await key.seal(NONCE, NONE, MESSAGE, 0), 0))!;
      opened.slice().fill(0);
      assertSame(opened, MESSAGE, 'plaintext');
    },
  },
  {
    name: 'signs as RFC 8032 §7.1 does, test 3, until the key is erased',
    async run(port) {
      const seed = unhex('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7');
      const signer = await port.signer(seed);
      assertSame(
        hex(publicKeyOf(seed)),
        'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
        'public key',
      );
      assertSame(
        hex(await signer.sign(unhex('af82'))),
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
        'signature',
      );
      signer.erase();
      assertThrows(() => signer.sign(MESSAGE), 'erased');
    },
  },
  {
    name: 'keeps no key by reference: what was passed in may be erased',
    async run(port) {
      const seed = SEED.slice();
      const public_key = publicKeyOf(SEED);
      const [signer, verifier, aead] = [
        await port.signer(seed),
        await port.verifier(public_key),
        await port.aesGcm(seed),
      ];
      seed.fill(0);
      public_key.fill(0);
      assertThat(await verifier!.verify(MESSAGE, await signer.sign(MESSAGE)), 'its own signature is refused');
      const sealed = await aead.seal(NONCE, NONE, MESSAGE, 0);
      const same = await port.aesGcm(SEED);
      assertSame(await same.open(NONCE, NONE, sealed, 0), MESSAGE, 'plaintext');
    },
  },
  {
    name: 'reads what it is given before its calls return',
    async run(port) {
      for (const [name, inputs, call] of CALLS) {
        const expected = await call(port, inputs[0]!, inputs.at(-1)!);
        const given = inputs.map((bytes) => concat(bytes));
        const result = call(port, given[0]!, given.at(-1)!);
        for (const bytes of given) bytes.fill(0);
        assertSame(await result, expected, `what ${name} gives`);
      }
    },
  },
];
