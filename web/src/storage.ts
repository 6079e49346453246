/** What the page remembers. Browsers may forbid storage altogether: then nothing is remembered, and nothing breaks. */
import type { Room } from '@anteroom/client';
import { cleanName } from './protocol/messages.ts';

export type Seat = Room['seat'];

const NAME = 'anteroom.name';
const SEAT = 'room.seat';

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** The display name that was used last, on this device; empty if there is none. */
export const rememberedName = (): string => cleanName(attempt(() => localStorage.getItem(NAME)) ?? '');

export const rememberName = (name: string): void => {
  attempt(() => localStorage.setItem(NAME, name));
};

/** The seat that this tab holds in `room_id`, so that a reload takes it up again. */
export function rememberedSeat(room_id: string): Seat | undefined {
  const seat = attempt(() => JSON.parse(sessionStorage.getItem(SEAT) ?? 'null') as Partial<Seat> | null);
  if (seat?.room_id !== room_id || typeof seat.client_id !== 'string' || typeof seat.ticket !== 'string') {
    return undefined;
  }
  return { room_id, client_id: seat.client_id, ticket: seat.ticket };
}

export const rememberSeat = (seat: Seat): void => {
  attempt(() => sessionStorage.setItem(SEAT, JSON.stringify(seat)));
};

export const forgetSeat = (): void => {
  attempt(() => sessionStorage.removeItem(SEAT));
};
