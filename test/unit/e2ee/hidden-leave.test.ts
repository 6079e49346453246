/** A relay that hides a leave: with nothing new of the one who left, the others notice all the same, and change their keys. */
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../../client/src/e2ee/bytes.ts';
import { HELLO } from '../../../client/src/e2ee/hello.ts';
import { KEY } from '../../../client/src/e2ee/key-message.ts';
import { unpackKid } from '../../../client/src/e2ee/kid.ts';
import { GATHER_MS, SILENT_MS, SWITCH_MS, TICK_MS } from '../../../client/src/e2ee/limits.ts';
import { readHeader } from '../../../client/src/e2ee/sframe/header.ts';
import { HEADER_BYTES } from '../../../shared/protocol/frame.ts';
import { SealedTown } from '../../support/sealed-room.ts';
import type { Resident } from '../../support/sealed-room.ts';

const SLOT = 7;
const isSealed = (frame: Bytes): boolean => (frame[0]! & 1) === 1;
const is = (first: number) => (frame: Bytes) => !isSealed(frame) && frame[HEADER_BYTES] === first;

/** The generation of the key that a member's latest sealed frame takes. */
async function generationOf(town: SealedTown, member: Resident): Promise<number> {
  member.say('which key?');
  await town.settle();
  const { frame } = town.seen.findLast((seen) => seen.from === member.client_id && isSealed(seen.frame))!;
  return unpackKid(readHeader(frame, HEADER_BYTES)!.kid)!.generation;
}

interface Hiding {
  ada: Resident;
  /** What eve sent to ada while it was there, in order. */
  recorded: readonly Bytes[];
}

/** What the relay does every five seconds. */
const WAYS: Record<string, (hiding: Hiding) => void> = {
  'that says nothing': () => undefined,
  'that plays sealed frames again': ({ ada, recorded }) => {
    for (const frame of recorded.filter(isSealed)) ada.inbox.push({ kind: 'frame', frame: frame.slice() });
  },
  'that plays HELLO again': ({ ada, recorded }) => {
    for (const frame of recorded.filter(is(HELLO))) ada.inbox.push({ kind: 'frame', frame: frame.slice() });
  },
  'that plays KEY again': ({ ada, recorded }) => {
    for (const frame of recorded.filter(is(KEY))) ada.inbox.push({ kind: 'frame', frame: frame.slice() });
  },
  'that says over and over that it has come back': ({ ada }) => {
    const message = { type: 'joined', client_id: 'eve', slot: SLOT } as const;
    ada.inbox.push({ kind: 'joined', message });
  },
};

describe('a leave that is hidden by a relay', () => {
  it.each(Object.entries(WAYS))('%s', async (_, hide) => {
    const town = new SealedTown();
    const recorded: Bytes[] = [];
    const eve = await town.make('eve');
    const ada = await town.make('ada');
    town.meddle = (frame, from, to) => {
      if (from === eve && to === ada) recorded.push(frame.slice());
      return [frame];
    };
    // Eve answers a HELLO of ada's, and says one of its own: there is one of each kind to play again.
    town.connect(eve, SLOT);
    town.connect(ada);
    await town.run(1_000);
    town.cut(eve);
    await town.run(1_000);
    town.connect(eve, SLOT);
    await town.run(12_000);
    expect(ada.standing.sealed).toEqual(['eve']);
    expect(await generationOf(town, ada)).toBe(0);

    eve.slot = undefined;
    eve.channel.close();
    for (let passed = 0; passed < SILENT_MS + TICK_MS; passed += 5_000) {
      hide({ ada, recorded });
      await town.run(5_000);
    }
    await town.run(GATHER_MS + SWITCH_MS);
    expect(ada.standing.sealed).toEqual([]);
    expect(await generationOf(town, ada)).toBe(1);
  });

  it('that cuts our connection gains the time that we were away, no more', async () => {
    const town = new SealedTown();
    const ada = await town.join('ada');
    const eve = await town.make('eve');
    town.connect(eve, SLOT);
    await town.run(12_000);
    eve.slot = undefined;
    eve.channel.close();
    for (let connected = 0; connected < SILENT_MS + TICK_MS; connected += 5_000) {
      ada.channel.disconnected();
      await town.run(5_000);
      const welcome = { ...ada.secured[0]!, clients: [{ client_id: 'eve', slot: SLOT }] };
      ada.inbox.push({ kind: 'welcome', welcome });
      await town.run(5_000);
    }
    await town.run(GATHER_MS + SWITCH_MS + TICK_MS);
    expect(ada.standing.sealed).toEqual([]);
    expect(await generationOf(town, ada)).toBeGreaterThan(0);
  });

  it('is none where a member only says nothing: its heartbeats keep it', async () => {
    const town = new SealedTown();
    const ada = await town.join('ada');
    await town.join('eve');
    await town.run(3 * SILENT_MS);
    expect(ada.standing.sealed).toEqual(['eve']);
    expect(await generationOf(town, ada)).toBe(0);
  });

  it('is none where we were away for long: who is still there stays a member', async () => {
    const town = new SealedTown();
    const ada = await town.join('ada');
    const eve = await town.join('eve');
    await town.run(9_000);
    town.cut(ada);
    await town.run(2 * SILENT_MS);
    town.connect(ada);
    await town.run(1_000);
    eve.say('welcome back');
    await town.settle();
    expect(ada.standing.sealed).toEqual(['eve']);
    expect(ada.texts).toEqual(['eve: welcome back']);
    expect(ada.troubles).toEqual([]);
  });
});
