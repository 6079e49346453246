/** The engine of browsers, for whichever thread loads this. */
import { openBrowserSocket } from '../browser-socket.ts';
import { SealedChannel } from '../e2ee/sealed-channel.ts';
import { webCrypto } from '../e2ee/web-crypto.ts';
import { notSecure } from '../errors.ts';
import type { OpenEngine } from './engine.ts';
import { inlineEngines } from './inline-engine.ts';

const clock = (): number => performance.now();

export const openInline: OpenEngine = inlineEngines({
  openSocket: openBrowserSocket,
  async openChannel(sealing, events) {
    const { subtle } = globalThis.crypto as { subtle?: typeof globalThis.crypto.subtle };
    if (subtle === undefined) throw notSecure();
    const fill = (bytes: Uint8Array<ArrayBuffer>): void => void crypto.getRandomValues(bytes);
    return SealedChannel.create({ ...sealing, crypto: await webCrypto(subtle), fill, clock }, events);
  },
  clock,
});
