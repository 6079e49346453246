import { expect, it } from 'vitest';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import { SILENT } from '../../../client/src/e2ee/channel.ts';
import { SealedChannel } from '../../../client/src/e2ee/sealed-channel.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { seededFill } from '../../support/e2ee.ts';

it('a room that is closed has overwritten all that it drew: seed, private key and base key', async () => {
  const drawn: Bytes[] = [];
  const fill = seededFill(1);
  const channel = await SealedChannel.create(
    {
      crypto: nodeCrypto,
      fill: (bytes) => {
        fill(bytes);
        drawn.push(bytes);
      },
      clock: () => 0,
      room_id: '12345',
      secret: new Uint8Array(32).fill(7),
    },
    SILENT,
  );
  const secrets = drawn.filter(({ length }) => length === 32);
  const overwritten = (): number => secrets.filter((bytes) => bytes.every((byte) => byte === 0)).length;
  // The seed is gone already: the platform has its key.
  expect(overwritten()).toBe(1);
  channel.close();
  expect(secrets).toHaveLength(3);
  expect(overwritten()).toBe(3);
});
