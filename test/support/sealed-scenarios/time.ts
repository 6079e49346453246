/** What time does to sealed rooms. */
import { assertSame, assertThat } from '../check.ts';
import { assertQuiet, assertSealed, assertTalk, townOn } from './scenes.ts';
import type { Scenario } from './scenes.ts';

/** Of another room. */
const OTHER_SECRET = new Uint8Array(32).fill(8);

export const TIME: Scenario[] = [
  {
    name: 'whoever comes while keys are agreed on puts nothing off: after five seconds we are let in',
    async run(port) {
      const town = townOn(port);
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
  {
    name: 'a member whose leave a relay hides has left after thirty seconds of silence, and its keys are changed',
    async run(port) {
      const town = townOn(port);
      const [ada, bob, eve] = await town.gather('ada', 'bob', 'eve');
      await town.run(12_000);
      // Nothing of eve's comes any more; the relay goes on handing it everything.
      town.meddle = (frame, from) => (from === eve ? [] : [frame]);
      await town.run(20_000);
      ada.say('while it may be there');
      await town.run(14_000);
      ada.say('secret');
      ada.pose('secret');
      await town.run(1_000);
      assertSame(ada.standing.sealed, ['bob'], 'who is sealed for ada');
      assertThat(eve.hasOpened('while it may be there') && !eve.hasOpened('secret'), 'what eve read');
      assertSame(bob.texts, ['ada: while it may be there', 'ada: secret'], 'what bob reads');
      const numbers = await Promise.all([ada, bob].map(({ channel }) => channel.safetyNumber()));
      assertSame(numbers[0], numbers[1], 'safety numbers');
    },
  },
  {
    name: 'machines that sleep for an hour wake up as members, and take up where they were',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      await town.run(5_000);
      town.sleep(3_600_000);
      await town.run(5_000);
      assertSealed(ada, bob);
      await assertTalk(town, ada, bob);
      bob.asleep = true;
      ada.say('while you slept');
      await town.run(14_000);
      bob.asleep = false;
      await town.run(1_000);
      assertSame(bob.texts.at(-1), 'ada: while you slept', 'what bob reads last');
      assertSealed(ada, bob);
      assertQuiet(ada, bob);
      await assertTalk(town, ada, bob);
    },
  },
  {
    name: 'clocks that are set, back or forth, change nothing',
    async run(port) {
      const town = townOn(port);
      const [ada, bob] = await town.gather('ada', 'bob');
      ada.say('to bob', 'bob');
      for (const jump of [-1_500, 3_600_000, -40, -86_400_000, 4_000, 60_000]) {
        ada.offset += jump;
        ada.say(`after ${jump}`);
        bob.say(`after ${jump}`);
        await town.run(3_000);
        assertSealed(ada, bob);
      }
      assertSame([ada.texts.length, bob.texts.length], [6, 7], 'messages');
      await town.run(40_000);
      assertSealed(ada, bob);
      assertQuiet(ada, bob);
      await assertTalk(town, ada, bob);
    },
  },
];
