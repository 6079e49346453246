/** A relay that shows some members to some only: it is noticed, or those who could tell are taken to have left. */
import { describe, expect, it } from 'vitest';
import { DISAGREE_MS, HEARTBEAT_MS, SILENT_MS } from '../../../client/src/e2ee/limits.ts';
import { FRAME_CLASS } from '../../../shared/protocol/frame.ts';
import { SealedTown } from '../../support/sealed-room.ts';
import type { Resident } from '../../support/sealed-room.ts';

/** A room whose relay hides bob and eve from each other. */
async function splitTown(): Promise<{ town: SealedTown; ada: Resident; bob: Resident }> {
  const town = new SealedTown();
  const pair = ['bob', 'eve'];
  const isHidden = (one: string, other: string): boolean =>
    one !== other && pair.includes(one) && pair.includes(other);
  town.lie = (said, to) => {
    if (said.kind === 'welcome') {
      const clients = said.welcome.clients.filter(({ client_id }) => !isHidden(client_id, to.client_id));
      return [{ ...said, welcome: { ...said.welcome, clients } }];
    }
    return said.kind !== 'frame' && isHidden(said.message.client_id, to.client_id) ? [] : [said];
  };
  town.meddle = (frame, from, to) => (isHidden(from.client_id, to.client_id) ? [] : [frame]);
  const [ada, bob] = await town.gather('ada', 'bob', 'eve');
  return { town, ada, bob };
}

describe('a relay that hides two members from each other', () => {
  it('is found out by who knows both', async () => {
    const { town, ada } = await splitTown();
    await town.run(DISAGREE_MS + 2 * HEARTBEAT_MS);
    expect(ada.standing.disagreeing).toEqual(['bob', 'eve']);
  });

  it('cannot keep it from them by letting messages through and nothing else', async () => {
    const { town, ada, bob } = await splitTown();
    const { meddle } = town;
    await town.run(1_000);
    town.meddle = (frame, from, to) => {
      const is_control = (frame[0]! & 1) === 1 && ((frame[0]! >>> 3) & 7) === FRAME_CLASS.CTRL;
      return is_control && from === bob ? [] : meddle(frame, from, to);
    };
    for (let passed = 0; passed < SILENT_MS + HEARTBEAT_MS; passed += 5_000) {
      bob.say('still here');
      await town.run(5_000);
    }
    expect(ada.standing.sealed).toEqual(['eve']);
  });

  it('cannot keep it from them by having one of them leave and come back, over and over', async () => {
    const { town, ada } = await splitTown();
    await town.run(1_000);
    const carol = await town.join('carol');
    let told = false;
    ada.onStanding = ({ disagreeing }) => (told ||= disagreeing.includes('bob'));
    for (let passed = 0; passed < 2 * DISAGREE_MS; passed += 8_000) {
      await town.run(8_000);
      town.cut(carol, 'gone');
      town.connect(carol);
    }
    expect(told).toBe(true);
  });
});
