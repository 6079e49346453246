/** What goes into the registry and comes out of it. */
import type {
  PutTaskRequest,
  PutTaskResponse,
  RegisterResponse,
  RemoveClientRequest,
} from '../shared/protocol/api.ts';
import type { RelayLimits } from '../shared/protocol/control.ts';
import type { Session } from './session.ts';
import type { ClientSocket, SessionHost } from './session-types.ts';

export type Connect = PutTaskRequest['connects'][number];
export type NotOwned = PutTaskResponse['not_owned'][number];
/** Where a room has been placed. */
export type Place = Required<NotOwned>['moved_to'];

export interface RegistryEvents {
  /** A client's socket opened: the next heartbeat reports it. */
  connected(connect: Connect): void;
  /** A seat is given up or has run out: remove-client. */
  removed(removal: RemoveClientRequest): void;
  /** Whether the router has not answered yet to a removal of this seat, or of a later generation of it. Default: no. */
  removing?(seat: RemoveClientRequest): boolean;
}

export interface RegistryDeps {
  room_capacity: number;
  /** ms */
  connect_timeout: number;
  /** ms */
  resume_grace: number;
  host: SessionHost;
  /** What `welcome` says; `max_clients` is the room's. */
  limits: Omit<RelayLimits, 'max_clients'>;
  events: RegistryEvents;
}

export type RegisterResult =
  | { kind: 'registered'; response: RegisterResponse }
  | { kind: 'refused'; code: 'stale_epoch' | 'task_draining' | 'no_task_available' };

export type Admission =
  | { kind: 'admitted'; open: (socket: ClientSocket) => Session }
  | { kind: 'refused'; code: number; reason: string };

/** `draining`: no new rooms. `stopped`: nothing at all; the sockets are closed. */
export type Mode = 'open' | 'draining' | 'stopped';
