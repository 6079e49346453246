/** What goes into a session and comes out of it. */
import type { Protocol } from '../shared/protocol/subprotocol.ts';
import type { Counts } from './counts.ts';
import type { Wire } from './outbox.ts';
import type { Pulse } from './pulse.ts';
import type { Rate, RateLimits } from './rate.ts';
import type { Room } from './room.ts';
import type { Session } from './session.ts';
import type { Timing } from './timing.ts';
import type { Turns } from './turns.ts';

/** What a session needs of a WebSocket. */
export interface ClientSocket extends Wire {
  /** When the message or frame of the client that is not complete yet began, monotonic, ms; undefined if all are. */
  since: number | undefined;
  /**
   * Starts the closing handshake; the socket is cut off if the peer does not take part. `failed`: what the peer sends makes
   * no sense any more, and its close frame is not waited for (RFC 6455 §7.1.7).
   */
  sendClose(code: number, reason: string, failed?: boolean): void;
  terminate(): void;
}

export interface SessionLimits extends RateLimits {
  /** Bytes that may wait for this client, the next message included. */
  send_budget: number;
}

/**
 * How a connection ended. `left`: the client gave up its seat. Else that may be kept: `closed`: the client closed it, behind all that
 * it sent; `broke`: some of that may be lost.
 */
export type Ending = 'left' | 'closed' | 'broke';

/** What all sessions of a relay share. */
export interface SessionHost {
  limits: SessionLimits;
  timing: Timing;
  counts: Counts;
  pulse: Pulse;
  turns: Turns;
}

export interface SessionDeps {
  host: SessionHost;
  room: Room;
  client_id: string;
  slot: number;
  protocol: Protocol;
  /** Of the client, over all its connections: to connect anew gives it no fresh burst. */
  rate: Rate;
  /** Called once, when the connection takes no more, however that came. */
  ended: (session: Session, ending: Ending) => void;
  /** The client says that it sends elsewhere from now on (R65). False if that means nothing, as its room is served here. */
  movedOn: (session: Session) => boolean;
}
