import type { Calls } from './calls.ts';
import type { Places, TableNames } from './keys.ts';

/** What the parts of the store share. */
export interface Context {
  calls: Calls;
  names: TableNames;
  at: Places;
  /** Numbers in [0, 1). */
  random: () => number;
}
