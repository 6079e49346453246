import { CLIENT_ID, ROOM_ID, TICKET } from '../../shared/protocol/subprotocol.ts';
import type { Grant } from './api-types.ts';
import { AnteroomError } from './errors.ts';

/** A grant of a room that has a place. */
export type OpenGrant = Grant & { state: 'open'; url: string };

/** A grant of a room that waits for a task to start. */
export type PendingGrant = Grant & { state: 'pending' };

/** What a grant of a room that waits lacks. */
export type Place = Pick<OpenGrant, 'url' | 'epoch' | 'expires_at'>;

export type AnyGrant = OpenGrant | PendingGrant;

/** Where a grant came from and where it is to be used. */
export interface GrantContext {
  /** The router was asked over https. */
  router_is_secure: boolean;
  /** We run in a page that came over https. */
  page_is_secure: boolean;
}

const refuse = (what: string): never => {
  throw new AnteroomError('protocol', `The router's grant is not usable: ${what}`);
};

function checkUrl(url: unknown, { router_is_secure, page_is_secure }: GrantContext): void {
  if (typeof url !== 'string' || !URL.canParse(url)) return refuse('url is not a URL');
  const { protocol, hash } = new URL(url);
  if (protocol !== 'wss:' && protocol !== 'ws:') return refuse('url is neither ws: nor wss:');
  if (hash !== '') return refuse('url has a fragment');
  if (protocol === 'ws:' && router_is_secure && page_is_secure) {
    return refuse('url is ws:, but a page that came over https can open wss: only');
  }
}

/** Checks what the router answered. Throws `AnteroomError` (`protocol`) for anything but a grant. */
export function checkGrant(value: unknown, context: GrantContext): AnyGrant {
  if (typeof value !== 'object' || value === null) return refuse('it is not an object');
  const { room_id, client_id, ticket, url, control_url, expires_at, max_clients, epoch, state } =
    value as Record<keyof Grant, unknown>;
  if (typeof room_id !== 'string' || !ROOM_ID.test(room_id)) return refuse('room_id');
  if (typeof client_id !== 'string' || !CLIENT_ID.test(client_id)) return refuse('client_id');
  if (typeof ticket !== 'string' || !TICKET.test(ticket)) return refuse('ticket');
  for (const [name, number] of Object.entries({ expires_at, max_clients, epoch })) {
    if (!Number.isSafeInteger(number)) return refuse(name);
  }
  if (control_url !== undefined && typeof control_url !== 'string') return refuse('control_url');
  if (state === 'pending') return value as PendingGrant;
  if (state !== 'open') return refuse('state');
  checkUrl(url, context);
  return value as OpenGrant;
}

/** The grant of a room that has got a place. Throws as {@link checkGrant} does. */
export function placedAt(
  grant: PendingGrant,
  { url, epoch, expires_at }: Place,
  context: GrantContext,
): OpenGrant {
  checkUrl(url, context);
  return { ...grant, state: 'open', url, epoch, expires_at };
}

/** `grant`, where the room has a place. Throws `no_task_available` (retryable) where it waits for one. */
export function expectPlace(grant: AnyGrant): OpenGrant {
  if (grant.state === 'open') return grant;
  throw new AnteroomError('no_task_available', 'The room waits for a stream task to start', {
    retryable: true,
  });
}
