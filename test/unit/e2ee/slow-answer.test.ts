/** What was missed is waited for as long as it keeps coming, and its sender is not asked again for what is on its way. */
import { describe, expect, it } from 'vitest';
import { RESENT_FRAMES } from '../../../client/src/e2ee/limits.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import type { Resident } from '../../support/sealed-resident.ts';
import { SealedTown } from '../../support/sealed-room.ts';

const textsOf = (resident: Resident, from: string): string[] =>
  resident.texts.filter((text) => text.startsWith(`${from}: `));

/** What `speaker` says for a second reaches nobody. */
async function sayUnheard(town: SealedTown, speaker: Resident): Promise<void> {
  const { meddle } = town;
  town.meddle = (frame, from) => (from === speaker ? [] : [frame]);
  speaker.say('unheard');
  await town.run(1_000);
  town.meddle = meddle;
}

describe('what a member missed', () => {
  it('comes whole over a slow line, and about once', async () => {
    const town = new SealedTown();
    const [ada, bob] = await town.gather('ada', 'bob');
    for (const resident of [ada, bob]) resident.latency = () => 450;
    await town.run(3_000);
    town.cut(bob);
    await town.run(1_000);
    for (let i = 0; i < 100; i++) ada.say(`${i}`);
    await town.run(1_000);
    const before = town.seen.length;
    town.connect(bob);
    await town.run(10_000);
    expect(textsOf(bob, 'ada')).toEqual(Array.from({ length: 100 }, (_, i) => `ada: ${i}`));
    expect(bob.troubles).toEqual([]);
    const sent = town.seen
      .slice(before)
      .filter(({ from, frame }) => from === 'ada' && ((frame[0]! >>> 3) & 7) === FRAME_CLASS.MSG);
    expect(sent.length).toBeLessThanOrEqual(4 * 100);
  });

  it('comes from somebody who answers after four seconds', async () => {
    const town = new SealedTown();
    const [ada, bob] = await town.gather('ada', 'bob');
    await town.run(3_000);
    await sayUnheard(town, ada);
    for (const resident of [ada, bob]) resident.latency = () => 1_000;
    ada.say('heard');
    await town.run(8_000);
    expect(bob.troubles).toEqual([]);
    expect(textsOf(bob, 'ada')).toEqual(['ada: unheard', 'ada: heard']);
  });

  it('comes when the room has moved without it, as slowly as after a break', async () => {
    const town = new SealedTown();
    const [ada, bob] = await town.gather('ada', 'bob');
    for (const resident of [ada, bob]) resident.latency = () => 700;
    await town.run(3_000);
    // Ada went on to the new task alone, for Bob had not followed in time.
    await sayUnheard(town, ada);
    bob.channel.arrived();
    ada.say('heard');
    await town.run(10_000);
    expect(bob.troubles).toEqual([]);
    expect(textsOf(bob, 'ada')).toEqual(['ada: unheard', 'ada: heard']);
  });

  it('comes whole where so much was missed by so many that it takes its sender seconds', async () => {
    const town = new SealedTown();
    const [ada, ...others] = await town.gather('ada', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
    await town.run(1_000);
    for (const other of others) town.cut(other);
    await town.run(1_000);
    const count = Math.ceil((3 * RESENT_FRAMES) / others.length);
    for (let i = 0; i < count; i++) ada.say(`${i}`);
    await town.run(1_000);
    for (const other of others) town.connect(other);
    await town.run(10_000);
    for (const other of others) {
      expect(other.troubles).toEqual([]);
      expect(textsOf(other, 'ada')).toHaveLength(count);
    }
  });
});
