/** Simulated rooms over the crypto of Node. */
import { nodeCrypto } from '../../client/src/node/crypto.ts';
import { SealedTown as PortableTown } from './sealed-town.ts';
import type { SealedTownOptions } from './sealed-town.ts';

export { LIMITS, Resident } from './sealed-resident.ts';

export class SealedTown extends PortableTown {
  constructor(options: Partial<SealedTownOptions> = {}) {
    super({ port: nodeCrypto, ...options });
  }
}
