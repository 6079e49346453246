/** What time does to sealed rooms. */
import { assertSame } from '../check.ts';
import { townOn } from './stage.ts';
import type { Scenario } from './stage.ts';

/** Of another room. */
const OTHER_SECRET = new Uint8Array(32).fill(8);

export const TIME: Scenario[] = [
  {
    name: 'whoever comes while keys are agreed on puts nothing off: after five seconds we are let in',
    async run(stage) {
      const town = townOn(stage);
      const outsider = await town.join('outsider', OTHER_SECRET);
      await town.run(1_000);
      const ada = await town.join('ada');
      await town.run(2_000);
      const other = await town.join('other', OTHER_SECRET);
      await town.run(2_999);
      assertSame(ada.secured.length, 0, 'how often ada was let in before');
      await town.run(1);
      const welcomed = ada.secured.map(({ clients }) => clients.map(({ client_id }) => client_id));
      assertSame(welcomed, [['outsider']], 'who is there for ada');
      const { unsealed, securing } = ada.standing;
      assertSame([unsealed, securing], [['outsider'], ['other']], 'unsealed and securing');
      await town.run(2_000);
      assertSame(ada.joined, ['other'], 'who came for ada later');
      assertSame(ada.standing.unsealed, ['outsider', 'other'], 'unsealed');
      assertSame(outsider.standing.unsealed, ['ada'], 'unsealed for the outsider');
      assertSame(other.secured.length, 1, 'how often the other was let in');
    },
  },
];
