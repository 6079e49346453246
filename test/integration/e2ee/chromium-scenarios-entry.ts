/** What chromium-scenarios.test.ts calls in Chromium. */
import { webCrypto } from '../../../client/src/e2ee/web-crypto.ts';
import { SCENARIOS } from '../../support/sealed-scenarios/all.ts';

const port = await webCrypto(globalThis.crypto.subtle);

export async function play(about: string, name: string): Promise<void> {
  const group = SCENARIOS.find((group) => group.name === about);
  const scenario = group?.scenarios.find((scenario) => scenario.name === name);
  if (scenario === undefined) throw new Error(`There is no scenario "${name}"`);
  await scenario.run(port);
}
