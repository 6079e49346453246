/** The lock tells the truth of those who would rather not be seen: who may read is not said to read nothing. */
import { describe, expect, it } from 'vitest';
import { KEY } from '../../../client/src/e2ee/key-message.ts';
import { OLD_KEY_MS, SECURING_MS, SILENT_MS } from '../../../client/src/e2ee/limits.ts';
import { HEADER_BYTES } from '../../../shared/protocol/frame.ts';
import { SealedTown } from '../../support/sealed-room.ts';

const isKey = (frame: Uint8Array): boolean => (frame[0]! & 1) === 0 && frame[HEADER_BYTES] === KEY;
const OTHER_SECRET = new Uint8Array(32).fill(9);

describe('somebody who is there and does not show itself', () => {
  it('is not said to read nothing where it has the link, is given keys and stays silent', async () => {
    const town = new SealedTown();
    const ada = await town.join('ada');
    await town.run(100);
    town.meddle = (frame, from) => {
      const is_quiet = (frame[0]! & 1) === 1 || frame[HEADER_BYTES] === KEY;
      return from.client_id === 'mute' && is_quiet ? [] : [frame];
    };
    const before = await ada.channel.safetyNumber();
    const mute = await town.join('mute');
    await town.run(2 * SECURING_MS);
    ada.say('who is there?');
    await town.settle();
    expect(mute.texts).toEqual(['ada: who is there?']);
    expect(ada.standing).toMatchObject({ sealed: [], securing: ['mute'], unsealed: [] });
    expect(await ada.channel.safetyNumber()).not.toBe(before);
  });

  it('is unsealed though it breaks its connection again and again', async () => {
    const town = new SealedTown();
    const ada = await town.join('ada');
    const outsider = await town.join('outsider', OTHER_SECRET);
    for (let passed = 0; passed < 2 * SECURING_MS; passed += 4_000) {
      await town.run(3_900);
      town.cut(outsider);
      await town.run(100);
      town.connect(outsider);
    }
    await town.run(100);
    expect(ada.standing).toMatchObject({ sealed: [], securing: [], unsealed: ['outsider'] });
    expect(ada.joined).toContain('outsider');
  });

  it('is unsealed where the relay says over and over that it has just come', async () => {
    const town = new SealedTown();
    const ada = await town.join('ada');
    const outsider = await town.join('outsider', OTHER_SECRET);
    const message = { type: 'joined', client_id: 'outsider', slot: outsider.slot! } as const;
    for (let passed = 0; passed < 2 * SECURING_MS; passed += 4_000) {
      await town.run(4_000);
      ada.inbox.push({ kind: 'joined', message });
    }
    await town.run(100);
    expect(ada.standing.unsealed).toEqual(['outsider']);
  });

  it('is named though it says again and again that it leaves', async () => {
    const town = new SealedTown();
    const [ada, eve] = await town.gather('ada', 'eve');
    let named = 0;
    for (let passed = 0; passed < 6; passed++) {
      await eve.channel.bye();
      await town.run(100);
      const { sealed, securing, unsealed } = ada.standing;
      if ([...sealed, ...securing, ...unsealed].includes('eve')) named++;
      await town.run(3_900);
    }
    expect(named).toBeGreaterThanOrEqual(4);
  });

  it('does no harm under two slots at once', async () => {
    const town = new SealedTown();
    const bob = await town.join('bob');
    town.lie = (said) => {
      if (said.kind !== 'welcome') return [said];
      const twice = [
        { client_id: 'bob', slot: bob.slot! },
        { client_id: 'bob', slot: 9 },
      ];
      return [{ kind: 'welcome', welcome: { ...said.welcome, clients: twice } }];
    };
    const ada = await town.join('ada');
    await town.run(50);
    const left = { type: 'left', client_id: 'bob', slot: 9, reason: 'gone' } as const;
    ada.inbox.push({ kind: 'left', message: left });
    for (const { from, frame } of town.seen.slice()) if (from === 'bob') town.hand(ada, frame);
    await town.run(1_000);
    expect(ada.standing.sealed).toEqual([]);
  });
});

describe('a page whose timers stand still', () => {
  it('is run by what arrives: it stays a member, and changes its key when somebody leaves', async () => {
    const town = new SealedTown();
    const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
    await town.run(1_000);
    Object.defineProperty(ada, 'alarm', { get: () => Infinity, set: () => {} });
    town.cut(eve, 'gone');
    await town.run(2 * SILENT_MS);
    expect(bob.standing.sealed).toEqual(['ada']);
    ada.say('only for bob');
    await town.settle();
    const last = town.seen.findLast(({ from, frame }) => from === 'ada' && (frame[0]! & 1) === 1)!;
    town.connect(eve, eve.slot);
    eve.channel.receive(last.frame);
    await town.run(1_000);
    expect(bob.texts).toEqual(['ada: only for bob']);
    expect(eve.hasOpened('only for bob')).toBe(false);
  });

  it('takes a key in use that it gave out before it says more: the old one is not accepted for ever', async () => {
    const town = new SealedTown();
    const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
    await town.run(9_500);
    Object.defineProperty(ada, 'alarm', { get: () => Infinity, set: () => {} });
    town.cut(eve, 'gone');
    const given = (): number => town.seen.filter(({ from, frame }) => from === 'ada' && isKey(frame)).length;
    const before = given();
    while (given() === before) await town.run(100);
    town.meddle = (frame, from) => (from === bob ? [] : [frame]);
    await town.run(OLD_KEY_MS + 2_000);
    ada.say('late');
    await town.run(1_000);
    expect(bob.texts).toEqual(['ada: late']);
  });
});
