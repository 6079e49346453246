/** What is to be seen of sealed rooms, in Node and in browsers. */
import { CONNECTIONS } from './connections.ts';
import { EXCHANGE } from './exchange.ts';
import { MEMBERS } from './members.ts';
import { ORDER } from './order.ts';
import { OUTSIDERS } from './outsiders.ts';
import { REPLAY } from './replay.ts';
import { TAMPERING } from './tampering.ts';
import { TIME } from './time.ts';
import type { Scenario } from './scenes.ts';

export const SCENARIOS: { name: string; scenarios: readonly Scenario[] }[] = [
  { name: 'members among themselves', scenarios: EXCHANGE },
  { name: 'what is changed on its way', scenarios: TAMPERING },
  { name: 'what is sent again', scenarios: REPLAY },
  { name: 'who is a member, and who is not', scenarios: OUTSIDERS },
  { name: 'who passes for another', scenarios: MEMBERS },
  { name: 'what comes early, late or not at all', scenarios: ORDER },
  { name: 'connections that break', scenarios: CONNECTIONS },
  { name: 'time', scenarios: TIME },
];
