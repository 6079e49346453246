import { describe, expect, it } from 'vitest';
import { Identity } from '../../../client/src/e2ee/identity.ts';
import { INVITATION_BYTES, Invitations } from '../../../client/src/e2ee/invitation.ts';
import type { LinkKeys } from '../../../client/src/e2ee/link.ts';
import { linkKeys } from '../../../client/src/e2ee/link.ts';
import { CRYPTO_PORTS } from '../../support/crypto-ports.ts';
import { hex, seededFill, tampered } from '../../support/e2ee.ts';
import { SealedTown } from '../../support/sealed-room.ts';

const SECRET = Uint8Array.from({ length: 32 }, (_, i) => 100 + i);

describe.each(CRYPTO_PORTS)('an invitation to another room, on $name', ({ port }) => {
  const identity = (seed: number): Promise<Identity> => Identity.create(port, seededFill(seed));
  const link = (seed: number): Promise<LinkKeys> => linkKeys(port, '12345', new Uint8Array(32).fill(seed));
  const of = (own: Identity, keys: LinkKeys): Invitations =>
    new Invitations(port, seededFill(9), keys, own.id);
  /** `other` as `own` knows it. */
  const known = (own: Identity, other: Identity) => ({
    id: other.id,
    shared: own.sharedSecretWith(other.box_pk)!,
  });

  it.each(['0157', '123456789012'])('to room %s is opened by whom it is for', async (room_id) => {
    const [ada, bob] = [await identity(1), await identity(2)];
    const sealed = await of(ada, await link(1)).seal(known(ada, bob), { room_id, secret: SECRET });
    expect(sealed).toHaveLength(INVITATION_BYTES);
    const opened = await of(bob, await link(1)).open(known(bob, ada), sealed);
    expect(opened).toEqual({ room_id, secret: SECRET });
  });

  it('is opened by nobody else: neither another member, nor without the link, nor changed, nor sent back', async () => {
    const [ada, bob, eve] = [await identity(1), await identity(2), await identity(3)];
    const keys = await link(1);
    const sealed = await of(ada, keys).seal(known(ada, bob), { room_id: '00157', secret: SECRET });
    expect(hex(sealed)).not.toContain(hex(SECRET).slice(0, 8));
    expect(await of(eve, keys).open(known(eve, ada), sealed)).toBeUndefined();
    // Who knows both ids, but not the secret of the two.
    const guessed = { id: ada.id, shared: known(eve, ada).shared };
    expect(await of(bob, keys).open(guessed, sealed)).toBeUndefined();
    expect(await of(bob, await link(2)).open(known(bob, ada), sealed)).toBeUndefined();
    expect(await of(ada, keys).open(known(ada, bob), sealed)).toBeUndefined();
    expect(await of(bob, keys).open(known(bob, ada), sealed.slice(1))).toBeUndefined();
    for (const { at, bytes } of tampered(sealed)) {
      expect(await of(bob, keys).open(known(bob, ada), bytes), `byte ${at}`).toBeUndefined();
    }
  });

  it('to what is no room is refused', async () => {
    const [ada, bob] = [await identity(1), await identity(2)];
    const keys = await link(1);
    for (const room_id of ['', '15', '0015a', '15\x0057']) {
      const sealed = await of(ada, keys).seal(known(ada, bob), { room_id, secret: SECRET });
      expect(await of(bob, keys).open(known(bob, ada), sealed)).toBeUndefined();
    }
  });
});

describe('moving on', () => {
  it('invites those who are to come, also one who is away for a moment, and nobody else', async () => {
    const town = new SealedTown();
    const ada = await town.join('ada');
    const bob = await town.join('bob');
    const eve = await town.join('eve');
    await town.run(1_000);
    town.cut(bob);
    await town.run(1_000);
    expect(await ada.channel.invite(['bob', 'nobody'], '00157', SECRET)).toEqual(['bob']);
    await town.run(1_000);
    town.connect(bob);
    await town.run(2_000);
    expect(bob.moves).toEqual([{ from: 'ada', room_id: '00157', secret: SECRET }]);
    expect([eve.moves, eve.troubles, bob.troubles]).toEqual([[], [], []]);
  });
});
