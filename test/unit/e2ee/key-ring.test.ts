import { describe, expect, it } from 'vitest';
import { KeyRing } from '../../../client/src/e2ee/key-ring.ts';
import { RETENTION_MS } from '../../../client/src/e2ee/limits.ts';
import { SendingKeys } from '../../../client/src/e2ee/sending-keys.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { seededFill } from '../../support/e2ee.ts';

/** A key ring of a member that is alone, by a clock that stands where it is put. */
function alone(): { ring: KeyRing; clock: { now: number } } {
  const clock = { now: 0 };
  const ring = new KeyRing({
    keys: new SendingKeys(nodeCrypto, seededFill(1)),
    now: () => clock.now,
    members: () => [],
    isReady: () => false,
    sealKeys: async () => [],
    send: () => undefined,
    changed: () => undefined,
    tell: async () => undefined,
    inTurn: (task) => void task(),
  });
  return { ring, clock };
}

const offer = (step: number) => ({ generation: 3, step, base_key: new Uint8Array(32).fill(1) });
const OVERWRITTEN = new Uint8Array(32);

describe('keys of our own that are out of use', () => {
  it('are overwritten when what was sealed with them is not sent again any more', () => {
    const { ring, clock } = alone();
    const { base_key, ...number } = offer(0);
    ring.outOfUse({ ...number, base_key });
    clock.now = RETENTION_MS - 1;
    ring.tick();
    expect(base_key).not.toEqual(OVERWRITTEN);
    clock.now = RETENTION_MS;
    ring.tick();
    expect(base_key).toEqual(OVERWRITTEN);
  });

  it('are overwritten when the room is left, and later steps at once: they follow from the first', () => {
    const { ring } = alone();
    const [first, later] = [offer(0), offer(4)];
    ring.outOfUse(first);
    ring.outOfUse(later);
    expect(later.base_key).toEqual(OVERWRITTEN);
    expect(first.base_key).not.toEqual(OVERWRITTEN);
    ring.erase();
    expect(first.base_key).toEqual(OVERWRITTEN);
  });
});
