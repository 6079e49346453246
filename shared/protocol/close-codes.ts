/**
 * WebSocket close codes of the relay. 4000–4999 is the private range of RFC 6455 §7.4.2; the last three digits follow
 * the HTTP status that says the same. The SDK decides "reconnect?" by this table alone.
 */
export const CLOSE = {
  BAD_FRAME: 4400,
  UNAUTHORIZED: 4401,
  FORBIDDEN: 4403,
  ROOM_GONE: 4404,
  TIMEOUT: 4408,
  REPLACED: 4409,
  TOO_LARGE: 4413,
  TOO_SLOW: 4429,
  INTERNAL: 4500,
  DRAINING: 4503,
} as const;

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE];

/**
 * What a client does after its socket closed:
 * `never`: the same attempt would fail again; `backoff`: resume at the router after a full-jitter delay;
 * `now`: resume at the router at once, the relay sent us away on purpose.
 */
export type Reconnect = 'never' | 'backoff' | 'now';

const RECONNECT: Record<CloseCode, Reconnect> = {
  [CLOSE.BAD_FRAME]: 'never',
  [CLOSE.UNAUTHORIZED]: 'never',
  [CLOSE.FORBIDDEN]: 'never',
  [CLOSE.ROOM_GONE]: 'never',
  [CLOSE.TIMEOUT]: 'backoff',
  [CLOSE.REPLACED]: 'never',
  [CLOSE.TOO_LARGE]: 'never',
  [CLOSE.TOO_SLOW]: 'backoff',
  [CLOSE.INTERNAL]: 'backoff',
  [CLOSE.DRAINING]: 'now',
};

/** RFC 6455 §7.4.1: the purpose of the connection has been fulfilled. Here: the client gave its seat up. */
export const NORMAL_CLOSURE = 1_000;
/** RFC 6455 §7.4.1: closed without a close frame. */
export const ABNORMAL_CLOSURE = 1_006;

/**
 * Whether a client should reconnect after `code`. After 1000 there is no seat to come back to; the other codes that are
 * not the relay's own (1001, 1006, …) back off.
 */
export function reconnectAfter(code: number): Reconnect {
  if (code === NORMAL_CLOSURE) return 'never';
  return RECONNECT[code as CloseCode] ?? 'backoff';
}
