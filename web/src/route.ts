/** Addresses of the page: `/` and `/r/<room_id>`. */
import { ROOM_ID } from '../../shared/protocol/subprotocol.ts';

export type Route = { kind: 'home' } | { kind: 'room'; room_id: string } | { kind: 'unknown' };

/** Reads the path of an address. */
export function parseRoute(path: string): Route {
  if (path === '/' || path === '/index.html') return { kind: 'home' };
  const room_id = /^\/r\/([^/]+)\/?$/.exec(path)?.[1];
  return room_id !== undefined && ROOM_ID.test(room_id) ? { kind: 'room', room_id } : { kind: 'unknown' };
}

export const roomPath = (room_id: string): string => `/r/${room_id}`;

/** The room id in what somebody typed or pasted: a room number, with spaces or not, or a link. Undefined if there is none. */
export function parseInvite(text: string): string | undefined {
  const number = text.replace(/[\s#]/gu, '');
  if (ROOM_ID.test(number)) return number;
  const path = /^(?:https?:\/\/)?[^/\s]*(\/r\/[^\s?#]+)/iu.exec(text.trim())?.[1];
  const route = parseRoute(path ?? '');
  return route.kind === 'room' ? route.room_id : undefined;
}
