/** The checks that the unit tests run in Node, on the WebCrypto of a real Chromium, in a page and in a Worker. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { startChromium } from '../../support/chromium/scenario.ts';
import type { Chromium, ChromiumModule } from '../../support/chromium/scenario.ts';
import { E2EE_CHECKS } from '../../support/e2ee-checks/all.ts';
import { verdictsOnNoise } from '../../support/e2ee-checks/ed25519.ts';
import type * as entry from './chromium-entry.ts';

const ENTRY = new URL('./chromium-entry.ts', import.meta.url);
const CHECKS = Object.entries(E2EE_CHECKS).flatMap(([about, checks]) =>
  checks.map(({ name }) => [about as keyof typeof E2EE_CHECKS, name] as const),
);
// Signatures in plain JavaScript are the same everywhere: in the page they would only cost time.
const RUNS = [
  { where: 'page', port: 'WebCrypto' },
  { where: 'worker', port: 'WebCrypto' },
  { where: 'worker', port: 'WebCrypto without Ed25519' },
] as const;

let chromium: Chromium;
const modules = {} as Record<'page' | 'worker', ChromiumModule<typeof entry>>;

beforeAll(async () => {
  chromium = await startChromium();
  modules.page = await chromium.open(ENTRY);
  modules.worker = await chromium.open(ENTRY, 'worker');
});

afterAll(async () => {
  await chromium.close();
});

describe.each(RUNS)('$port in a $where of Chromium', ({ where, port }) => {
  it.each(CHECKS)('%s: %s', async (about, name) => {
    await expect(modules[where].call('check', port, about, name)).resolves.toBeUndefined();
  });

  it('has the verdict of Node on random bytes and on signatures with a few turned bits', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const expected = await verdictsOnNoise(nodeCrypto, seed, 64);
    expect(await modules[where].call('noise', port, seed, 64), `seed ${seed}`).toBe(expected);
  });
});

describe('a call into Chromium', () => {
  it.each(['page', 'worker'] as const)('brings back from a %s what did not hold', async (where) => {
    const failing = modules[where].call('refuteRfc');
    await expect(failing).rejects.toThrow('SHA-256 of FIPS 180-2 B.1 is "0000');
    const { stack } = (await failing.catch((error: Error) => error)) as Error;
    expect(stack).toContain('test/support/e2ee-checks/platform.ts:');
  });

  it('meets a platform with an Ed25519 of its own', async () => {
    expect(await modules.worker.call('hasOwnEd25519')).toBe(true);
  });
});
