/** What chromium-vectors.test.ts calls in Chromium. */
import { webCrypto } from '../../../client/src/e2ee/web-crypto.ts';
import { E2EE_CHECKS } from '../../support/e2ee-checks/all.ts';
import { verdictsOnNoise } from '../../support/e2ee-checks/ed25519.ts';
import { withoutEd25519 } from '../../support/e2ee.ts';

const { subtle } = globalThis.crypto;
const PORTS = {
  WebCrypto: await webCrypto(subtle),
  'WebCrypto without Ed25519': await webCrypto(withoutEd25519(subtle)),
};

export type PortName = keyof typeof PORTS;

/** Whether the platform has an Ed25519 of its own; else the first port would be like the second. */
export async function hasOwnEd25519(): Promise<boolean> {
  return subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(
    () => true,
    () => false,
  );
}

export async function check(port: PortName, about: keyof typeof E2EE_CHECKS, name: string): Promise<void> {
  const found = E2EE_CHECKS[about].find((check) => check.name === name);
  if (found === undefined) throw new Error(`There is no check "${name}"`);
  await found.run(PORTS[port]);
}

/** A check that does not hold. */
export async function refuteRfc(): Promise<void> {
  const [first] = E2EE_CHECKS['the platform'];
  await first!.run({ ...PORTS.WebCrypto, sha256: async () => new Uint8Array(32) });
}

export function noise(port: PortName, seed: number, count: number): Promise<string> {
  return verdictsOnNoise(PORTS[port], seed, count);
}
