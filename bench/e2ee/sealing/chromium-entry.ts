/** The bouts in Chromium. */
import { webCrypto } from '../../../client/src/e2ee/web-crypto.ts';
import { boutsOn } from './bouts.ts';

export const { names, prepare, seal, load, open } = await boutsOn(await webCrypto(crypto.subtle));
