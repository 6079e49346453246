import type { RouterConfig } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Random } from '../ports/random.ts';
import type { RoomStore } from '../ports/room-store.ts';
import type { SecretSource } from '../ports/secrets.ts';
import type { TaskClient } from '../ports/task-client.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** The settings that the use cases decide by; the rest of the configuration is for adapters. */
export type Policy = Pick<
  RouterConfig,
  | 'MAX_ROOMS'
  | 'MAX_CLIENTS'
  | 'ROOM_ID_DIGITS'
  | 'ROOM_TTL'
  | 'FAILED_JOINS'
  | 'FAILED_JOINS_WINDOW'
  | 'CONNECT_TIMEOUT'
  | 'LEASE'
  | 'KINDS'
  | 'PLACEMENT'
  | 'REGION'
  | 'TASK_ZONE'
  | 'ALLOW_PRIVATE_ADDRESSES'
  | 'CONTROL_URL'
>;

/** What every use case works with. */
export interface Deps {
  policy: Policy;
  store: RoomStore;
  fleet: Fleet;
  tasks: TaskClient;
  secrets: SecretSource;
  clock: Clock;
  random: Random;
  telemetry: Telemetry;
}
