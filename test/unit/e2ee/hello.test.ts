import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../client/src/e2ee/bytes.ts';
import { Identity } from '../../../client/src/e2ee/identity.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { HELLO_CHECKS } from '../../support/e2ee-checks/hello.ts';
import { hex, seededFill } from '../../support/e2ee.ts';

const ann = await Identity.create(nodeCrypto, seededFill(1));

describe.each(CRYPTO_PORTS)('HELLO on $name', ({ port }) => {
  it.each(HELLO_CHECKS)('$name', async ({ run }) => {
    await expect(run(port)).resolves.toBeUndefined();
  });
});

describe('Identity', () => {
  it('takes its 64 random bytes from the source that it is given', async () => {
    const drawn: number[] = [];
    const fill = seededFill(1);
    const again = await Identity.create(nodeCrypto, (bytes) => {
      drawn.push(bytes.length);
      fill(bytes);
    });
    expect(drawn).toEqual([32, 32]);
    expect(again.id_pk).toEqual(ann.id_pk);
    expect(again.box_pk).toEqual(ann.box_pk);
    const bob = await Identity.create(nodeCrypto, fill);
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
