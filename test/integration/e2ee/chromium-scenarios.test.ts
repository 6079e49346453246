/** The scenarios of sealed rooms that the unit tests run in Node, on the WebCrypto of a real Chromium, in a Worker. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChromium } from '../../support/chromium/scenario.ts';
import type { Chromium, ChromiumModule } from '../../support/chromium/scenario.ts';
import { SCENARIOS } from '../../support/sealed-scenarios/all.ts';
import type * as entry from './chromium-scenarios-entry.ts';

const ENTRY = new URL('./chromium-scenarios-entry.ts', import.meta.url);

let chromium: Chromium;
let worker: ChromiumModule<typeof entry>;

beforeAll(async () => {
  chromium = await startChromium();
  worker = await chromium.open(ENTRY, 'worker');
});

afterAll(async () => {
  await chromium.close();
});

describe.each(SCENARIOS)('in a sealed room, in Chromium: $name', ({ name: about, scenarios }) => {
  it.each(scenarios)('$name', async ({ name }) => {
    await expect(worker.call('play', about, name)).resolves.toBeUndefined();
  });
});
