import type { Standing } from './e2ee/channel.ts';
import type { Security } from './types.ts';

export const UNENCRYPTED: Security = { status: 'unencrypted' };

/** Before anything is known. */
export const NOBODY_YET: Security = {
  status: 'securing',
  sealed: [],
  securing: [],
  unsealed: [],
  disagreeing: [],
};

/** What a room shows of how it stands with the others. Alone, one is sealed from everybody. */
export function securityOf({ sealed, securing, unsealed, disagreeing }: Standing): Security {
  const status = securing.length > 0 ? 'securing' : unsealed.length > 0 ? 'partly_sealed' : 'sealed';
  return { status, sealed, securing, unsealed, disagreeing };
}

/** Whether both say the same. */
export const sameSecurity = (a: Security, b: Security): boolean => JSON.stringify(a) === JSON.stringify(b);
