import { describe, expect, it } from 'vitest';
import { BaseKey } from '../../../client/src/e2ee/base-key.ts';
import { FormerKeys } from '../../../client/src/e2ee/former-keys.ts';
import { OLD_KEY_MS, RETENTION_MS } from '../../../client/src/e2ee/limits.ts';
import { ReceivingKeys } from '../../../client/src/e2ee/receiving-keys.ts';
import { SendingKeys } from '../../../client/src/e2ee/sending-keys.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { allOf, hex, seededFill } from '../../support/e2ee.ts';

const sending = (seed = 1): SendingKeys => new SendingKeys(nodeCrypto, seededFill(seed));
const key = (generation: number, step: number, value = 1) => ({
  generation,
  step,
  base_key: new Uint8Array(32).fill(value),
});
const at = (generation: number, step: number) => ({ generation, step, context: 2 as const });

async function ratcheted(offer: ReturnType<typeof key>, steps: number): Promise<ReturnType<typeof key>> {
  let base = new BaseKey(nodeCrypto, offer);
  for (let i = 0; i < steps; i++) base = await base.ratcheted();
  return base.offer();
}

async function receiving(...offers: ReturnType<typeof key>[]): Promise<ReceivingKeys> {
  const keys = new ReceivingKeys(nodeCrypto);
  for (const offer of offers) expect(await keys.learn(offer, 0)).toBe('new');
  return keys;
}

describe('BaseKey', () => {
  it('has another key in each context, and the same one each time', async () => {
    const base = new BaseKey(nodeCrypto, key(3, 2));
    const keys = await allOf(([0, 1, 2, 3, 4] as const).map((context) => base.context(context)));
    expect(keys.map(({ kid }) => kid)).toEqual([0, 1, 2, 3, 4].map((context) => 3 * 128 + 2 * 8 + context));
    const none = new Uint8Array(0);
    const sealed = await allOf(keys.map((key) => key.seal(0, none, none)));
    expect(new Set(sealed.map(hex)).size).toBe(5);
    expect(base.context(1)).toBe(keys[1]);
  });

  it.each([[key(2 ** 24, 0)], [key(0, 16)], [{ ...key(0, 0), base_key: new Uint8Array(31) }]])(
    'cannot be %o',
    (offer) => {
      expect(() => new BaseKey(nodeCrypto, offer)).toThrow(RangeError);
    },
  );

  it('is overwritten with the keys of its contexts, also one that is being derived', async () => {
    for (const { port } of CRYPTO_PORTS) {
      const offer = key(0, 0);
      const base = new BaseKey(port, offer);
      const ready = await base.context(0);
      const coming = base.context(1);
      base.erase();
      expect(ready.erased).toBe(true);
      expect((await coming).erased).toBe(true);
      expect(offer.base_key).toEqual(new Uint8Array(32));
      expect(() => base.offer()).toThrow('erased');
    }
  });

  it('has no successor once it is erased: that would be one that everybody can compute', async () => {
    for (const { port } of CRYPTO_PORTS) {
      const base = new BaseKey(port, key(0, 0));
      const coming = base.ratcheted();
      base.erase();
      for (const next of [await coming, await base.ratcheted()]) {
        expect((await next.context(2)).erased).toBe(true);
        expect(() => next.offer()).toThrow('erased');
      }
      expect(base.hasBytes(new Uint8Array(32))).toBe(false);
    }
  });

  it('gives copies', () => {
    const base = new BaseKey(nodeCrypto, key(0, 0));
    base.offer().base_key.fill(8);
    expect(base.hasBytes(key(0, 0).base_key)).toBe(true);
  });
});

describe('SendingKeys', () => {
  it('ratchets fifteen times, and then asks for a new generation', async () => {
    const keys = sending();
    const first = keys.offer();
    for (let step = 1; step <= 15; step++) {
      expect(await keys.ratchet()).toBe('ratcheted');
      expect(keys.offer()).toEqual(await ratcheted(first, step));
    }
    expect(await keys.ratchet()).toBe('exhausted');
    expect(keys.offer()).toMatchObject({ generation: 0, step: 15 });
  });

  it('takes a prepared generation in use when it is told to, and overwrites the old one', async () => {
    const keys = sending();
    const old = await keys.context(2);
    keys.count(2);
    expect(keys.switchOver()).toBe(false);
    const offer = keys.prepare();
    expect(offer).toMatchObject({ generation: 1, step: 0 });
    expect(offer.base_key).not.toEqual(keys.offer().base_key);
    expect(keys.offer().generation).toBe(0);
    expect(keys.nextOffer()).toEqual(offer);
    expect(old.erased).toBe(false);
    expect(keys.switchOver()).toBe(true);
    expect(keys.offer()).toEqual(offer);
    expect(keys.nextOffer()).toBeUndefined();
    expect(old.erased).toBe(true);
    expect(keys.frames).toBe(0);
  });

  it('prepares no key once all are erased', () => {
    const drawn: Uint8Array[] = [];
    const keys = new SendingKeys(nodeCrypto, (bytes) => void drawn.push(bytes.fill(1)));
    keys.erase();
    expect(() => keys.prepare()).toThrow('erased');
    expect(drawn.map(hex)).toEqual(['00'.repeat(32)]);
  });

  it('prepares another key under another generation where one waits: who was given that may have left', () => {
    const keys = sending();
    const first = keys.prepare();
    const second = keys.prepare();
    expect(second.generation).toBe(2);
    expect(second.base_key).not.toEqual(first.base_key);
    keys.switchOver();
    expect(keys.offer()).toEqual(second);
  });

  it('takes one step for two calls at once, and none back where a generation comes between', async () => {
    const keys = sending();
    await Promise.all([keys.ratchet(), keys.ratchet()]);
    expect(keys.offer().step).toBe(1);
    const ratchet = keys.ratchet();
    keys.prepare();
    keys.switchOver();
    await ratchet;
    expect(keys.offer()).toMatchObject({ generation: 1, step: 0 });
  });

  it('gives nothing to seal with once it is erased', () => {
    const keys = sending();
    keys.prepare();
    keys.erase();
    expect(() => keys.context(2)).toThrow('erased');
    expect(() => keys.offer()).toThrow('erased');
    expect(() => keys.nextOffer()).toThrow('erased');
  });
});

describe('FormerKeys', () => {
  it('gives copies of later generations, from the oldest, for as long as frames are kept, and overwrites them', () => {
    const former = new FormerKeys();
    const offers = [key(1, 0, 1), key(2, 0, 2), key(3, 0, 3)];
    offers.forEach((offer, i) => former.add(offer, i));
    const given = former.after(1);
    expect(given).toEqual([key(2, 0, 2), key(3, 0, 3)]);
    given[0]!.base_key.fill(0);
    expect(former.after(1)).toEqual([key(2, 0, 2), key(3, 0, 3)]);
    former.expire(RETENTION_MS);
    expect(former.after(-1)).toEqual([key(2, 0, 2), key(3, 0, 3)]);
    former.expire(RETENTION_MS + 1);
    expect(former.after(-1)).toEqual([key(3, 0, 3)]);
    former.erase();
    expect(former.after(-1)).toEqual([]);
    expect(offers.map(({ base_key }) => hex(base_key))).toEqual(Array(3).fill('00'.repeat(32)));
  });
});

describe('ReceivingKeys', () => {
  it('takes new generations and the same key again, not older ones, and refuses another key in place of one', async () => {
    const keys = await receiving(key(1, 0, 1));
    expect(await keys.learn(key(1, 0, 1), 0)).toBe('known');
    expect(await keys.learn(key(1, 0, 2), 0)).toBe('refused');
    expect(await keys.learn(key(0, 15, 3), 0)).toBe('old');
    expect(await keys.learn(key(4, 3, 4), 0)).toBe('new');
    expect(await keys.learn(key(3, 0, 5), 0)).toBe('old');
    expect(await keys.learn(key(4, 2, 6), 0)).toBe('old');
  });

  it('takes a later step only as the one that follows by ratcheting', async () => {
    const later = await ratcheted(key(1, 2), 3);
    const keys = await receiving(key(1, 2));
    expect(await keys.learn({ ...later, base_key: new Uint8Array(32) }, 0)).toBe('refused');
    expect(await keys.learn(later, 0)).toBe('known');
    const others = await receiving(key(1, 2));
    expect(await others.learn(later, 0)).toBe('new');
  });

  it('retires earlier steps by a KEY of a step that it had ratcheted to before', async () => {
    const keys = await receiving(key(1, 2));
    await keys.find(at(1, 3), 0);
    expect(await keys.learn(await ratcheted(key(1, 2), 1), 0)).toBe('known');
    expect(await keys.find(at(1, 2), OLD_KEY_MS - 1)).toBeDefined();
    expect(await keys.find(at(1, 2), OLD_KEY_MS)).toBeUndefined();
  });

  it('of one that left and came back refuse what is older than it had proven, not than what others named', async () => {
    const keys = await receiving(key(1, 2));
    keys.confirm(at(1, 3), 0);
    // Anybody can write a step into the header of a frame.
    await keys.find(at(1, 15), 0);
    const window = (await keys.find(at(1, 3), 0))?.window;
    window?.accept(7);
    const back = new ReceivingKeys(nodeCrypto, keys.retire());
    expect(await back.learn(key(1, 2), 0)).toBe('old');
    expect(await back.learn(await ratcheted(key(1, 2), 1), 0)).toBe('new');
    expect((await back.find(at(1, 3), 0))?.window?.isFresh(7)).toBe(false);
    expect((await back.find(at(1, 4), 0))?.window?.isFresh(7)).toBe(true);
  });

  it('takes the step in use also where the next generation was told already, for it follows from what it holds', async () => {
    const in_use = await ratcheted(key(1, 2), 1);
    const keys = await receiving(key(1, 2), key(2, 0, 5));
    expect(await keys.learn({ ...in_use, base_key: new Uint8Array(32) }, 0)).toBe('refused');
    expect(await keys.learn(in_use, 0)).not.toBe('refused');
    expect(await keys.learn(key(1, 1), 0)).toBe('old');
    keys.expire(OLD_KEY_MS);
    expect(await keys.learn(in_use, OLD_KEY_MS)).toBe('old');
    expect(await keys.find(at(1, 4), OLD_KEY_MS)).toBeUndefined();
  });

  it('finds the keys of later steps by itself, and no others', async () => {
    const keys = await receiving(key(1, 2));
    const found = await keys.find(at(1, 6), 0);
    const expected = await new BaseKey(nodeCrypto, await ratcheted(key(1, 2), 4)).context(2);
    const none = new Uint8Array(0);
    expect(found!.sframe.seal(0, none, none)).toEqual(expected.seal(0, none, none));
    expect(keys.ready(1 * 128 + 6 * 8 + 2, 0)).toBe(found);
    expect(await keys.find(at(1, 1), 0)).toBeUndefined();
    expect(await keys.find(at(0, 6), 0)).toBeUndefined();
    expect(await keys.find(at(2, 0), 0)).toBeUndefined();
  });

  it('has one key, with one window, for all who ask at once', async () => {
    for (const { port } of CRYPTO_PORTS) {
      const keys = new ReceivingKeys(port);
      await keys.learn(key(0, 0), 0);
      const found = await allOf(
        Array.from({ length: 6 }, (_, i) => keys.find(at(0, i % 2 === 0 ? 0 : 3), 0)),
      );
      expect(new Set(found).size).toBe(2);
      expect(new Set(found.map((one) => one!.window)).size).toBe(2);
    }
  });

  it('accepts an old generation for ten seconds after the new one came, and overwrites it then', async () => {
    const keys = await receiving(key(0, 0));
    const old = (await keys.find(at(0, 0), 0))!;
    await keys.learn(key(1, 0), 5_000);
    expect(await keys.find(at(0, 0), 4_999 + OLD_KEY_MS)).toBe(old);
    expect(keys.ready(2, 4_999 + OLD_KEY_MS)).toBe(old);
    keys.expire(4_999 + OLD_KEY_MS);
    expect(old.sframe.erased).toBe(false);
    expect(await keys.find(at(0, 0), 5_000 + OLD_KEY_MS)).toBeUndefined();
    expect(keys.ready(2, 5_000 + OLD_KEY_MS)).toBeUndefined();
    expect(await keys.find(at(0, 1), 4_000)).toBeDefined();
    keys.expire(5_000 + OLD_KEY_MS);
    expect(old.sframe.erased).toBe(true);
    expect(await keys.find(at(0, 0), 0)).toBeUndefined();
    expect(await keys.find(at(1, 0), 0)).toBeDefined();
  });

  it('lets the steps that follow on an old generation go with it', async () => {
    const keys = await receiving(key(0, 0));
    await keys.learn(key(1, 0), 0);
    const late = (await keys.find(at(0, 3), OLD_KEY_MS - 1))!;
    expect(await keys.find(at(0, 3), OLD_KEY_MS)).toBeUndefined();
    expect(await keys.find(at(0, 5), OLD_KEY_MS)).toBeUndefined();
    keys.expire(OLD_KEY_MS);
    expect(late.sframe.erased).toBe(true);
    expect(await keys.find(at(0, 4), 0)).toBeUndefined();
  });

  it('keeps its own copy of what it is told', async () => {
    const offer = key(0, 0);
    const keys = await receiving(offer);
    offer.base_key.fill(9);
    expect(await keys.learn(key(0, 0), 0)).toBe('known');
  });

  it('does not put an end to a key later for a third that comes', async () => {
    const keys = await receiving(key(0, 0));
    await keys.learn(key(1, 0), 1_000);
    await keys.learn(key(2, 0), 9_000);
    expect(await keys.find(at(0, 0), 1_000 + OLD_KEY_MS)).toBeUndefined();
    expect(await keys.find(at(1, 0), 1_000 + OLD_KEY_MS)).toBeDefined();
  });

  it('lets no step go for a later one that its sender was not seen to use', async () => {
    const keys = await receiving(key(0, 0));
    await keys.find(at(0, 9), 0);
    keys.expire(100 * OLD_KEY_MS);
    expect(await keys.find(at(0, 0), 100 * OLD_KEY_MS)).toBeDefined();
    keys.confirm(at(0, 9), 0);
    keys.expire(OLD_KEY_MS);
    expect(await keys.find(at(0, 0), OLD_KEY_MS)).toBeUndefined();
    expect(await keys.find(at(0, 9), OLD_KEY_MS)).toBeDefined();
  });

  it('overwrites everything when it is erased', async () => {
    const keys = await receiving(key(0, 0));
    const found = (await keys.find(at(0, 0), 0))!;
    keys.erase();
    expect(found.sframe.erased).toBe(true);
    expect(await keys.find(at(0, 0), 0)).toBeUndefined();
    expect(keys.ready(2, 0)).toBeUndefined();
    const others = await receiving(key(0, 0));
    const coming = others.find(at(0, 4), 0);
    others.erase();
    expect(await coming).toBeUndefined();
    expect(await others.learn(key(1, 0), 0)).toBe('refused');
  });
});
