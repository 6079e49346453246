/** What is to be seen of sealed rooms, in Node and in browsers. */
import { CONNECTIONS } from './connections.ts';
import { EXCHANGE } from './exchange.ts';
import { TIME } from './time.ts';
import type { Scenario } from './stage.ts';

export const SCENARIOS: { name: string; scenarios: readonly Scenario[] }[] = [
  { name: 'members among themselves', scenarios: EXCHANGE },
  { name: 'connections that break', scenarios: CONNECTIONS },
  { name: 'time', scenarios: TIME },
];
