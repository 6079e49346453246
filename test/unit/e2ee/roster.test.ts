import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { rosterHash, safetyNumber } from '../../../client/src/e2ee/roster.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { allOf, hex, ROOM } from '../../support/e2ee.ts';

const id = (value: number, length = 16) => new Uint8Array(length).fill(value);

describe('roster hash', () => {
  it('is that of the ids in ascending order, on every platform', async () => {
    const expected = createHash('sha256')
      .update('AR1 roster')
      .update(ROOM)
      .update(id(1))
      .update(id(200))
      .digest();
    for (const { port } of CRYPTO_PORTS) {
      expect(hex(await rosterHash(port, ROOM, [id(200), id(1)]))).toBe(hex(expected.subarray(0, 16)));
      expect(hex(await rosterHash(port, ROOM, [id(1), id(200)]))).toBe(hex(expected.subarray(0, 16)));
    }
  });

  it('is another for another member, another room, one more and one less', async () => {
    const hashes = await allOf([
      rosterHash(nodeCrypto, ROOM, [id(1), id(2)]),
      rosterHash(nodeCrypto, ROOM, [id(1), id(3)]),
      rosterHash(nodeCrypto, ROOM, [id(1)]),
      rosterHash(nodeCrypto, ROOM, [id(1), id(2), id(3)]),
      rosterHash(nodeCrypto, id(9), [id(1), id(2)]),
    ]);
    expect(new Set(hashes.map(hex)).size).toBe(5);
  });

  it('leaves the order of what it was given as it is', async () => {
    const ids = [id(3), id(1)];
    await rosterHash(nodeCrypto, ROOM, ids);
    expect(ids).toEqual([id(3), id(1)]);
  });
});

describe('safety number', () => {
  const [ann, bob, eve] = [id(1, 32), id(2, 32), id(3, 32)];

  it('is thirty digits, the same for all members and on every platform', async () => {
    const numbers = await allOf(CRYPTO_PORTS.map(({ port }) => safetyNumber(port, [bob, ann])));
    numbers.push(await safetyNumber(nodeCrypto, [ann, bob]));
    expect(new Set(numbers).size).toBe(1);
    expect(numbers[0]).toMatch(/^(\d{5} ){5}\d{5}$/);
  });

  it('is another where one member has another key, and where there is one more', async () => {
    const numbers = await allOf(
      [[ann, bob], [ann, eve], [ann, bob, eve], [ann]].map((pks) => safetyNumber(nodeCrypto, pks)),
    );
    expect(new Set(numbers).size).toBe(4);
  });

  it('has not changed: members of different versions compare it', async () => {
    expect(await safetyNumber(nodeCrypto, [ann, bob])).toBe('51204 29680 54139 26860 63264 92254');
  });
});
