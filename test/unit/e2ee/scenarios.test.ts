import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../../client/src/node/crypto.ts';
import { SCENARIOS } from '../../support/sealed-scenarios/all.ts';

describe.each(SCENARIOS)('in a sealed room: $name', ({ scenarios }) => {
  it.each(scenarios)('$name', async ({ run }) => {
    await expect(run(nodeCrypto)).resolves.toBeUndefined();
  });
});
