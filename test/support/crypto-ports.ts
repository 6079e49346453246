import { webcrypto } from 'node:crypto';
import type { CryptoPort } from '../../client/src/e2ee/crypto-port.ts';
import { webCrypto } from '../../client/src/e2ee/web-crypto.ts';
import { nodeCrypto } from '../../client/src/node/crypto.ts';
import { withoutEd25519 } from './e2ee.ts';

/** Every adapter that runs in Node, to be held to one verdict. */
export const CRYPTO_PORTS: { name: string; port: CryptoPort }[] = [
  { name: 'node:crypto', port: nodeCrypto },
  { name: 'WebCrypto', port: await webCrypto(webcrypto.subtle) },
  { name: 'WebCrypto without Ed25519', port: await webCrypto(withoutEd25519(webcrypto.subtle)) },
];
