import { describe, expect, it } from 'vitest';
import { SealedTown } from '../../support/sealed-room.ts';

describe('a member whose page is loaded anew, on its seat', () => {
  it.each([
    ['that its connection broke', true],
    ['nothing of it', false],
  ])('is told of once it reads what is said to it then, where the relay tells %s', async (_, noticed) => {
    const town = new SealedTown();
    const [ada, grace] = await town.gather('ada', 'grace');
    ada.onJoined = (client_id) => ada.say('welcome', client_id);
    const again = await town.reload(grace, noticed);
    await town.run(1_000);
    expect(ada.left).toMatchObject([{ client_id: 'grace', reason: 'resuming' }]);
    expect(ada.joined).toEqual(['grace', 'grace']);
    expect(again.texts).toEqual(['ada: welcome']);
    expect(ada.standing.sealed).toEqual(['grace']);
    expect(ada.troubles).toEqual([]);
  });
});
