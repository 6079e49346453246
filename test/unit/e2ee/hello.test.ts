import { describe, expect, it } from 'vitest';
import { concat, utf8 } from '../../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { CryptoPort } from '../../../client/src/e2ee/crypto-port.ts';
import { HELLO_BYTES, NO_ECHO, readHello, writeHello } from '../../../client/src/e2ee/hello.ts';
import { Identity } from '../../../client/src/e2ee/identity.ts';
import { linkKeys } from '../../../client/src/e2ee/link.ts';
import type { LinkKeys } from '../../../client/src/e2ee/link.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { hex, seededFill, tampered } from '../../support/e2ee.ts';

const link = await linkKeys(nodeCrypto, '00157', new Uint8Array(32).fill(1));
const ann = await Identity.create(nodeCrypto, seededFill(1));
const FIELDS = { slot: 0xabcd, nonce: new Uint8Array(16).fill(2), echo: new Uint8Array(16).fill(3) };

/** What a member with the link can do: sign and authenticate any 102 bytes. */
async function seal(bytes: Bytes, by: Pick<Identity, 'signer'> = ann, keys: LinkKeys = link): Promise<Bytes> {
  const label = concat(utf8('AR1 hello'), keys.room);
  const signature = await by.signer.sign(concat(label, bytes));
  const mac = await nodeCrypto.hmac('SHA-256', keys.k_mac, concat(label, bytes, signature));
  return concat(bytes, signature, mac);
}

async function reasons(bytes: Bytes, keys: LinkKeys = link): Promise<string[]> {
  const readings = await Promise.all(CRYPTO_PORTS.map(({ port }) => readHello(port, keys, bytes)));
  return readings.map((reading) => (reading.kind === 'refused' ? reading.reason : reading.kind));
}
const all = (reason: string): string[] => CRYPTO_PORTS.map(() => reason);

describe('HELLO', () => {
  it.each(CRYPTO_PORTS)('has the layout of the design on $name, and is read back', async ({ port }) => {
    const identity = await Identity.create(port, seededFill(1));
    const bytes = await writeHello(port, link, identity, FIELDS);
    expect(bytes).toHaveLength(HELLO_BYTES);
    const start = `01010004abcd${'02'.repeat(16)}${hex(ann.id_pk)}${hex(ann.box_pk)}${'03'.repeat(16)}`;
    expect(hex(bytes.subarray(0, 102))).toBe(start);
    expect(bytes).toEqual(await seal(bytes.slice(0, 102)));
    const id = (await port.sha256(identity.id_pk)).slice(0, 16);
    expect(identity.id).toEqual(id);
    expect(await readHello(port, link, bytes)).toEqual({
      kind: 'hello',
      hello: { ...FIELDS, id, id_pk: ann.id_pk, box_pk: ann.box_pk, verifier: expect.anything() },
    });
  });

  it('is refused with any bit turned', async () => {
    const bytes = await writeHello(nodeCrypto, link, ann, FIELDS);
    for (const { at, bytes: turned } of tampered(bytes)) {
      expect(await reasons(turned), `byte ${at}`).toEqual(all(at < 4 ? 'malformed' : 'mac'));
    }
  });

  it('is refused in every byte by the signature alone, where a member made the MAC anew', async () => {
    const bytes = await writeHello(nodeCrypto, link, ann, FIELDS);
    const label = concat(utf8('AR1 hello'), link.room);
    for (const { at, bytes: turned } of tampered(bytes, 4, 166)) {
      const mac = await nodeCrypto.hmac('SHA-256', link.k_mac, concat(label, turned.subarray(0, 166)));
      turned.set(mac, 166);
      const reading = await readHello(nodeCrypto, link, turned);
      expect(reading, `byte ${at}`).toMatchObject({ reason: expect.stringMatching(/^(signature|key)$/) });
    }
  });

  it('is refused where a member put its own key in, and another signed', async () => {
    const eve = await Identity.create(nodeCrypto, seededFill(2));
    const bytes = await writeHello(nodeCrypto, link, ann, FIELDS);
    expect(await reasons(await seal(bytes.slice(0, 102), eve))).toEqual(all('signature'));
  });

  it('is refused in another room, and without the link', async () => {
    const bytes = await writeHello(nodeCrypto, link, ann, FIELDS);
    const other = await linkKeys(nodeCrypto, '00158', new Uint8Array(32).fill(1));
    expect(await reasons(bytes, other)).toEqual(all('mac'));
    expect(await reasons(bytes, { ...link, room: other.room })).toEqual(all('mac'));
    const outsider = await linkKeys(nodeCrypto, '00157', new Uint8Array(32).fill(2));
    expect(await reasons(await writeHello(nodeCrypto, outsider, ann, FIELDS))).toEqual(all('mac'));
  });

  it('is refused in another room also by the signature, where the MAC is made anew', async () => {
    const other = await linkKeys(nodeCrypto, '00158', new Uint8Array(32).fill(1));
    const bytes = await writeHello(nodeCrypto, link, ann, FIELDS);
    const covered = concat(utf8('AR1 hello'), other.room, bytes.subarray(0, 166));
    const moved = concat(bytes.subarray(0, 166), await nodeCrypto.hmac('SHA-256', other.k_mac, covered));
    expect(await reasons(moved, other)).toEqual(all('signature'));
  });

  it('is refused with a box key of low order, or an identity key of small order, by whoever it is signed', async () => {
    const bytes = await writeHello(nodeCrypto, link, ann, { ...FIELDS, echo: NO_ECHO });
    const low_box = bytes.slice(0, 102);
    low_box.fill(0, 54, 86);
    expect(await reasons(await seal(low_box))).toEqual(all('key'));
    const low_id = bytes.slice(0, 102);
    low_id.fill(0, 22, 54);
    low_id[22] = 1;
    expect(await reasons(await seal(low_id))).toEqual(all('key'));
  });

  it('is refused in another version, suite or length, also where it is signed', async () => {
    const start = (await writeHello(nodeCrypto, link, ann, FIELDS)).slice(0, 102);
    for (const [at, value] of [
      [0, 2],
      [1, 2],
      [2, 1],
      [3, 5],
    ] as const) {
      expect(await reasons(await seal(start.with(at, value)))).toEqual(all('malformed'));
    }
    const whole = await seal(start);
    expect(await reasons(whole.slice(0, 197))).toEqual(all('malformed'));
    expect(await reasons(concat(whole, Uint8Array.of(0)))).toEqual(all('malformed'));
  });
});

describe('Identity', () => {
  it('takes its 64 random bytes from the source that it is given', async () => {
    const drawn: number[] = [];
    const port: CryptoPort = nodeCrypto;
    const fill = seededFill(1);
    const again = await Identity.create(port, (bytes) => {
      drawn.push(bytes.length);
      fill(bytes);
    });
    expect(drawn).toEqual([32, 32]);
    expect(again.id_pk).toEqual(ann.id_pk);
    expect(again.box_pk).toEqual(ann.box_pk);
    const bob = await Identity.create(port, fill);
    expect(bob.id_pk).not.toEqual(ann.id_pk);
    expect(bob.sharedSecretWith(ann.box_pk)).toEqual(ann.sharedSecretWith(bob.box_pk));
  });

  it('overwrites its private keys: the seed at once, all when it is erased', async () => {
    const buffers: Uint8Array[] = [];
    const fill = seededFill(5);
    const gone = await Identity.create(nodeCrypto, (bytes) => {
      fill(bytes);
      buffers.push(bytes);
    });
    expect(hex(buffers[0]!)).toBe('00'.repeat(32));
    gone.erase();
    expect(hex(buffers[1]!)).toBe('00'.repeat(32));
    expect(() => gone.signer.sign(utf8('x'))).toThrow('erased');
  });
});
