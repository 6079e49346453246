import type { RouterConfig } from '../config/settings.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fleet } from '../ports/fleet.ts';
import type { Push } from '../ports/push.ts';
import type { Random } from '../ports/random.ts';
import type { RoomStore } from '../ports/room-store.ts';
import type { SecretSource } from '../ports/secrets.ts';
import type { TaskClient } from '../ports/task-client.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { Waker } from '../ports/waker.ts';

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
  | 'BACKUP_TASK'
  | 'PENDING_LIMIT'
  | 'MIN_TASKS'
  | 'MAX_TASKS'
  | 'MIN_RENDER_TASKS'
  | 'MAX_RENDER_TASKS'
  | 'UPSCALE_MARGIN'
  | 'DOWNSCALE_MARGIN'
  | 'ROOM_CAPACITY'
  | 'RENDER_UPSCALE_MARGIN'
  | 'RENDER_DOWNSCALE_MARGIN'
  | 'RENDER_ROOM_CAPACITY'
  | 'START_LIMIT'
  | 'STANDBY_LIMIT'
  | 'TRIAL'
  | 'CONTROL_URL'
  | 'RESUME_GRACE'
  | 'ALLOWED_ORIGINS'
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
  waker: Waker;
  /** Undefined where there is no control channel. */
  push: Push | undefined;
}
