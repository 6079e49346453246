/**
 * What the page remembers. Browsers may forbid storage altogether: then nothing is remembered, and nothing breaks, since
 * whoever needs a value now is given it, and does not read it from here.
 */
import type { Room } from '@anteroom/client';
import { cleanName } from './protocol/messages.ts';

export type Seat = Room['seat'];

/** A seat and the name that goes with it. */
export interface Stay {
  seat: Seat;
  name: string;
}

/** In localStorage, which all windows of a browser share: so it only fills in the field, and the person may change it. */
const NAME = 'anteroom.name';
/** In sessionStorage, which each tab has for itself. */
const STAY = 'anteroom.stay';

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** The name that was used last on this page. */
let last_name = '';

/** The display name to suggest: the last one of this page, else of this browser; empty if there is none. */
export const rememberedName = (): string =>
  last_name || cleanName(attempt(() => localStorage.getItem(NAME)) ?? '');

export const rememberName = (name: string): void => {
  last_name = name;
  attempt(() => localStorage.setItem(NAME, name));
};

/** The seat that this tab holds in `room_id`, so that a reload takes it up again under the same name. */
export function rememberedStay(room_id: string): Stay | undefined {
  const stay = attempt(() => JSON.parse(sessionStorage.getItem(STAY) ?? 'null') as Partial<Stay> | null);
  const { client_id, ticket } = stay?.seat ?? {};
  const name = typeof stay?.name === 'string' ? cleanName(stay.name) : '';
  if (stay?.seat?.room_id !== room_id || name === '') return undefined;
  if (typeof client_id !== 'string' || typeof ticket !== 'string') return undefined;
  return { seat: { room_id, client_id, ticket }, name };
}

export const rememberStay = (stay: Stay): void => {
  attempt(() => sessionStorage.setItem(STAY, JSON.stringify(stay)));
};

export const forgetStay = (): void => {
  attempt(() => sessionStorage.removeItem(STAY));
};
