/** Which store the local stack uses. */
import { findJava } from './java.ts';

export type StoreChoice = {
  store: 'dynamodb' | 'memory';
  /** What it is and why, for people. */
  about: string;
};

/**
 * Chooses the store; `wanted` is the setting STORE, `running` the endpoint of a DynamoDB Local that runs already. Throws a
 * sentence if DynamoDB is wanted and there is no Java to start one with.
 */
export function chooseStore(wanted: 'dynamodb' | 'memory' | undefined, running?: string): StoreChoice {
  if (wanted === 'memory') return { store: 'memory', about: 'memory (STORE=memory)' };
  if (running !== undefined) return { store: 'dynamodb', about: `DynamoDB Local at ${running}` };
  const java = findJava();
  if ('path' in java) return { store: 'dynamodb', about: `DynamoDB Local (Java ${java.version})` };
  if (wanted === 'dynamodb') {
    throw new Error(`STORE=dynamodb needs Java: ${java.missing}. Install one, or set STORE=memory.`);
  }
  return { store: 'memory', about: `memory (DynamoDB Local needs Java: ${java.missing})` };
}
