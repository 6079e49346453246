import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../client/src/e2ee/bytes.ts';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import type { Signer } from '../../../client/src/e2ee/crypto-port.ts';
import { packKid } from '../../../client/src/e2ee/kid.ts';
import { ctrOf, placeOf } from '../../../client/src/e2ee/lanes.ts';
import { OLD_KEY_MS } from '../../../client/src/e2ee/limits.ts';
import { Metadata } from '../../../client/src/e2ee/metadata.ts';
import { address, Sealer } from '../../../client/src/e2ee/sealer.ts';
import { readHeader, writeHeader } from '../../../client/src/e2ee/sframe/header.ts';
import { signBody } from '../../../client/src/e2ee/signed-body.ts';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { FRAME_CLASS, HEADER_BYTES } from '../../../shared/protocol/frame.ts';
import type { FrameClass } from '../../../shared/protocol/frame.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { FRAME_CHECKS, why } from '../../support/e2ee-checks/frames.ts';
import { frameHeader, hex, ROOM, tampered, testSender, unhex } from '../../support/e2ee.ts';

const BODY = utf8('hello');
const BOB = unhex('b0'.repeat(16));
const EVE = unhex('e0'.repeat(16));

describe('metadata', () => {
  it('is "AR1", room, sender, destination and the first two bytes of the header', () => {
    const metadata = new Metadata(ROOM, BOB, EVE);
    expect(hex(metadata.of(unhex('51e3000300ff')))).toBe(`415231${hex(ROOM)}${hex(BOB)}${hex(EVE)}51e3`);
  });
});

describe.each(CRYPTO_PORTS)('sealed frames on $name', ({ port }) => {
  it.each(FRAME_CHECKS)('$name', async ({ run }) => {
    await expect(run(port)).resolves.toBeUndefined();
  });
});

describe('a member who knows another’s key', () => {
  /** Seals in the name of a sender, as each who was given its key can. */
  async function forge(
    ann: Awaited<ReturnType<typeof testSender>>,
    frame_class: FrameClass,
    context: FrameClass,
    ctr: number,
    plaintext: Bytes,
  ): Promise<Bytes> {
    const key = await ann.keys.context(context);
    const start = (await ann.sealer.seal(frameHeader(frame_class), undefined, BODY)).frame.slice(
      0,
      HEADER_BYTES,
    );
    const metadata = new Metadata(ROOM, ann.identity.id, new Uint8Array(16));
    const frame = await key.seal(ctr, metadata.of(start), plaintext, HEADER_BYTES);
    frame.set(start);
    return frame;
  }

  it('cannot sign for it, nor put its signature under another body, number or key', async () => {
    const ann = await testSender(nodeCrypto, 1);
    const eve = await testSender(nodeCrypto, 2);
    const { opener } = await ann.openerFor(BOB);
    const forged = async (plaintext: Bytes, ctr: number): Promise<string> =>
      why(await opener.open(await forge(ann, FRAME_CLASS.MSG, 1, ctr, plaintext), 0));
    const header = (await forge(ann, FRAME_CLASS.MSG, 1, 0, BODY)).slice(0, 2);
    expect(hex(header)).toBe('4901');
    const metadata = new Metadata(ROOM, ann.identity.id, new Uint8Array(16)).of(header);
    const eves = await signBody(eve.identity.signer, { metadata, kid: 1, ctr: 512 }, BODY);
    expect(await forged(eves, 512)).toBe('signature');
    const own = await signBody(ann.identity.signer, { metadata, kid: 1, ctr: 512 }, BODY);
    expect(await forged(own, 512)).toBe('opened');
    expect(await forged(own, 768)).toBe('signature');
    for (const { at, bytes } of tampered(own))
      expect(await forged(bytes, 512), `byte ${at}`).toBe('signature');
    expect(await forged(own.slice(0, 63), 512)).toBe('signature');
    const other_kid = await signBody(ann.identity.signer, { metadata, kid: 9, ctr: 512 }, BODY);
    expect(await forged(other_kid, 512)).toBe('signature');
    const other_start = metadata.slice();
    other_start[51]! ^= 2;
    const other = await signBody(ann.identity.signer, { metadata: other_start, kid: 1, ctr: 512 }, BODY);
    expect(await forged(other, 512)).toBe('signature');
  });

  it('cannot pass an unsigned context off as chat, or chat as a pose', async () => {
    const ann = await testSender(nodeCrypto, 1);
    const { opener } = await ann.openerFor(BOB);
    expect(why(await opener.open(await forge(ann, FRAME_CLASS.MSG, 2, 9, BODY), 0))).toBe('context');
    // Also once the key of that context is in use.
    const pose = await ann.sealer.seal(frameHeader(FRAME_CLASS.POSE), undefined, BODY);
    expect(why(await opener.open(pose.frame, 0))).toBe('opened');
    expect(why(await opener.open(await forge(ann, FRAME_CLASS.MSG, 2, 9, BODY), 0))).toBe('context');
    expect(why(await opener.open(await forge(ann, FRAME_CLASS.POSE, 1, 9, BODY), 0))).toBe('context');
  });

  it('ends no key of the sender’s by an unsigned frame under a later step', async () => {
    const ann = await testSender(nodeCrypto, 1);
    const { opener, keys } = await ann.openerFor(BOB);
    const real = await ann.sealer.seal(frameHeader(FRAME_CLASS.MSG), undefined, BODY);
    const eve = await testSender(nodeCrypto, 1);
    for (let i = 0; i < 3; i++) await eve.keys.ratchet();
    const forged = await forge(eve, FRAME_CLASS.POSE, 2, 9, BODY);
    expect(why(await opener.open(forged, 0))).toBe('opened');
    keys.expire(100 * OLD_KEY_MS);
    expect(why(await opener.open(real.frame, 100 * OLD_KEY_MS))).toBe('opened');
  });

  it('spoils the replay window for as long as the key lives at most', async () => {
    const ann = await testSender(nodeCrypto, 1);
    const { opener } = await ann.openerFor(BOB);
    expect(why(await opener.open(await forge(ann, FRAME_CLASS.POSE, 2, 2 ** 32 - 1, BODY), 0))).toBe(
      'opened',
    );
    const pose = await ann.sealer.seal(frameHeader(FRAME_CLASS.POSE), undefined, BODY);
    expect(why(await opener.open(pose.frame, 0))).toBe('replay');
    await ann.keys.ratchet();
    const next = await ann.sealer.seal(frameHeader(FRAME_CLASS.POSE), undefined, BODY);
    expect(why(await opener.open(next.frame, 0))).toBe('opened');
  });

  it('moves no window by a frame that does not open', async () => {
    const ann = await testSender(nodeCrypto, 1);
    const { opener } = await ann.openerFor(BOB);
    const pose = await ann.sealer.seal(frameHeader(FRAME_CLASS.POSE), undefined, BODY);
    const forged = await forge(ann, FRAME_CLASS.POSE, 2, 2 ** 32 - 1, BODY);
    forged[forged.length - 1]! ^= 1;
    expect(why(await opener.open(forged, 0))).toBe('tag');
    expect(why(await opener.open(pose.frame, 0))).toBe('opened');
  });

  it('gets frames of a sender itself refused whose lane is not that of their destination', async () => {
    const ann = await testSender(nodeCrypto, 1);
    const { opener } = await ann.openerFor(BOB);
    const wrong = { id: BOB, lane: 0 };
    const { frame } = await ann.sealer.seal(frameHeader(FRAME_CLASS.MSG, wrong), wrong, BODY);
    expect(why(await opener.open(frame, 0))).toBe('tag');
    expect(
      why(await opener.open(await forge(ann, FRAME_CLASS.MSG, 1, ctrOf({ lane: 3, sequence: 0 }), BODY), 0)),
    ).toBe('malformed');
  });
});

describe('Opener', () => {
  it('refuses what is no sealed frame, and numbers beyond the limits', async () => {
    const ann = await testSender(nodeCrypto, 1);
    const { opener } = await ann.openerFor(BOB);
    const { frame } = await ann.sealer.seal(frameHeader(FRAME_CLASS.POSE), undefined, BODY);
    const length = readHeader(frame, HEADER_BYTES)!.length;
    const numbered = async (kid: number | bigint, ctr: number | bigint): Promise<string> => {
      const other = new Uint8Array(HEADER_BYTES + 17 + frame.length);
      other.set(frame.subarray(0, HEADER_BYTES));
      writeHeader(other, HEADER_BYTES, kid, ctr);
      return why(await opener.open(other, 0));
    };
    expect(await numbered(2, 2 ** 32)).toBe('malformed');
    expect(await numbered(2, 2n ** 63n)).toBe('malformed');
    expect(await numbered(2 ** 31, 0)).toBe('malformed');
    expect(await numbered(2n ** 63n, 0)).toBe('malformed');
    expect(await numbered(5, 0)).toBe('malformed');
    expect(await numbered(2 ** 31 - 6, 0)).toBe('unknown_key');
    for (let end = 0; end < HEADER_BYTES + length + 16; end++) {
      expect((await opener.open(frame.slice(0, end), 0)).kind, `${end} bytes`).toBe('refused');
    }
    expect(why(await opener.open(frame.with(0, frame[0]! & 0xfe), 0))).toBe('malformed');
    expect(why(await opener.open(frame.with(0, frame[0]! & 0x3f), 0))).toBe('malformed');
    expect(why(await opener.open(frame, 0))).toBe('opened');
  });
});

describe('Sealer', () => {
  it('signs again what was signed for a key that is no longer in use', async () => {
    const ann = await testSender(nodeCrypto, 1);
    const { opener } = await ann.openerFor(BOB);
    let signed = 0;
    const slow: Signer = {
      async sign(message) {
        // The key changes while the first signature is made.
        if (++signed === 1) await ann.keys.ratchet();
        return ann.identity.signer.sign(message);
      },
      erase: () => undefined,
    };
    const sealer = new Sealer(ROOM, { id: ann.identity.id, signer: slow }, ann.keys);
    const sealed = await sealer.seal(frameHeader(FRAME_CLASS.MSG), undefined, BODY);
    expect(signed).toBe(2);
    expect(sealed.kid).toBe(packKid({ generation: 0, step: 1, context: 1 }));
    expect(await opener.open(sealed.frame, 0)).toMatchObject({ kind: 'opened', body: BODY });
  });

  it('lets a frame wait for those before it, also where its signature is there first', async () => {
    const ann = await testSender(nodeCrypto, 1);
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    gates[1]!.resolve();
    let signing = 0;
    const slow: Signer = {
      async sign(message) {
        await gates[signing++]?.promise;
        return ann.identity.signer.sign(message);
      },
      erase: () => undefined,
    };
    const sealer = new Sealer(ROOM, { id: ann.identity.id, signer: slow }, ann.keys);
    const left: number[] = [];
    const both = [0, 1].map(async () => {
      const { ctr } = await sealer.seal(frameHeader(FRAME_CLASS.MSG), undefined, BODY);
      left.push(placeOf(ctr).sequence);
    });
    await new Promise((resolve) => void setImmediate(resolve));
    gates[0]!.resolve();
    await Promise.all(both);
    expect(left).toEqual([0, 1]);
  });

  it('counts the frames of the key in use, and goes on counting when it changes', async () => {
    const ann = await testSender(nodeCrypto, 1);
    for (let i = 0; i < 3; i++) await ann.sealer.seal(frameHeader(FRAME_CLASS.POSE), undefined, BODY);
    expect(ann.keys.frames).toBe(3);
    await ann.keys.ratchet();
    expect(ann.keys.frames).toBe(0);
    expect(await ann.sealer.seal(frameHeader(FRAME_CLASS.POSE), undefined, BODY)).toMatchObject({ ctr: 3 });
  });

  it('seals nothing more once the keys are erased', async () => {
    const ann = await testSender(nodeCrypto, 1);
    ann.keys.erase();
    expect(() => ann.sealer.seal(frameHeader(FRAME_CLASS.POSE), undefined, BODY)).toThrow('erased');
    await expect(ann.sealer.seal(frameHeader(FRAME_CLASS.MSG), undefined, BODY)).rejects.toThrow('erased');
  });

  it('writes the slots of a frame and leaves the rest as it is', () => {
    expect(hex(address(unhex('51e30003ffff0102'), 0x1234, 0x0005))).toBe('51e3123400050102');
  });
});
