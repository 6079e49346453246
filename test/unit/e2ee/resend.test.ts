/** What was missed is sent again, lane by lane: what is gone of one does not keep back the others. */
import { describe, expect, it } from 'vitest';
import { RESENT_BYTES, RETENTION_BYTES } from '../../../client/src/e2ee/limits.ts';
import { SealedTown } from '../../support/sealed-room.ts';

describe('what a member missed while its connection was broken', () => {
  it('comes as far as its sender still has it, also where a heartbeat from before is gone', async () => {
    const town = new SealedTown();
    const [ada, bob] = await town.gather('ada', 'bob');
    await town.run(9_000);
    town.cut(bob);
    // A heartbeat of ada's, and then as many bytes of messages as it keeps.
    await town.run(2_000);
    for (let i = 0; i < 5; i++) ada.say(`${i}${'.'.repeat(RETENTION_BYTES / 4)}`);
    ada.say('to you', 'bob');
    await town.run(1_000);
    town.connect(bob);
    // What its sender has not kept is not waited for.
    await town.run(2_000);
    expect(bob.texts.map((text) => text.slice(0, 11))).toEqual(
      expect.arrayContaining(['ada: 2.....', 'ada: 3.....', 'ada: 4.....', 'ada: to you']),
    );
    expect(bob.troubles).toEqual([{ kind: 'lost', from: 'ada', count: 2 }]);
  });

  it('comes to so many at once only that the relay does not part with its sender', async () => {
    const town = new SealedTown();
    const [ada, ...others] = await town.gather('ada', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    await town.run(1_000);
    for (const other of others) town.cut(other);
    await town.run(1_000);
    for (let i = 0; i < 4; i++) ada.say(`${i}${'.'.repeat(RETENTION_BYTES / 5)}`);
    await town.settle();
    const before = town.seen.length;
    for (const other of others) town.connect(other);
    await town.run(900);
    const sent = town.seen.slice(before).filter(({ from }) => from === 'ada');
    const bytes = sent.reduce((sum, { frame }) => sum + frame.length, 0);
    expect(bytes).toBeGreaterThan(RESENT_BYTES / 2);
    expect(bytes).toBeLessThan(RESENT_BYTES + 64 * 1_024);
  });
});
