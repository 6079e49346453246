/** Whom the encryption covers, as the page shows it: pure, so that it can be tested that the lock tells the truth. */
import type { Security } from '@anteroom/client';
import { isConnected } from './connection.ts';
import type { Connection } from './connection.ts';

/** How it stands with one of the others. */
export type Sealing = 'sealed' | 'securing' | 'unsealed';

/** The lock of a room. Ids are those of others who are connected. */
export type Lock =
  /** There is no connection: nothing is known of the others, and nothing is sent. */
  | { kind: 'offline' }
  | { kind: 'securing'; ids: readonly string[] }
  | { kind: 'alone' }
  /** Everybody reads everybody: `members`, ourselves included. */
  | { kind: 'sealed'; members: number }
  /** `ids` read nothing; `sealed` others do. */
  | { kind: 'unsealed'; ids: readonly string[]; sealed: number }
  /** Everybody is sealed, but `ids` name other members than we see. */
  | { kind: 'disagreeing'; ids: readonly string[]; members: number };

/** The lock where the SDK says `security`. What is amiss goes before what passes, and that before what is well. */
export function lockOf(security: Security, connection: Connection): Lock {
  if (!isConnected(connection)) return { kind: 'offline' };
  // The page opens sealed rooms only. Should it ever hold another, nobody there is sealed.
  if (security.status === 'unencrypted') return { kind: 'unsealed', ids: [], sealed: 0 };
  const { status, sealed, securing, unsealed, disagreeing } = security;
  const members = sealed.length + 1;
  if (unsealed.length > 0) return { kind: 'unsealed', ids: unsealed, sealed: sealed.length };
  if (disagreeing.length > 0) return { kind: 'disagreeing', ids: disagreeing, members };
  if (status === 'securing' || connection.status === 'securing') return { kind: 'securing', ids: securing };
  return members === 1 ? { kind: 'alone' } : { kind: 'sealed', members };
}

/** How it stands with `client_id`; undefined for who is not connected, and for oneself. */
export function sealingOf(security: Security, client_id: string): Sealing | undefined {
  if (security.status === 'unencrypted') return 'unsealed';
  if (security.unsealed.includes(client_id)) return 'unsealed';
  if (security.securing.includes(client_id)) return 'securing';
  return security.sealed.includes(client_id) ? 'sealed' : undefined;
}
