/** Composition of the Lambdas: the one place that knows which adapter stands behind each port. */
import { apiGatewayPush } from '../../shared/adapters/api-gateway-push.ts';
import { dynamoDbClient } from '../../shared/adapters/dynamodb/client.ts';
import { dynamoRoomStore } from '../../shared/adapters/dynamodb/index.ts';
import { ecsFleet } from '../../shared/adapters/ecs-fleet.ts';
import { ecsLaunches } from '../../shared/adapters/ecs-launch.ts';
import { httpTaskClient } from '../../shared/adapters/http-task-client.ts';
import { lambdaWaker, noWaker } from '../../shared/adapters/lambda-waker.ts';
import { secretsManagerSource } from '../../shared/adapters/secrets-manager.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system.ts';
import { routerConfig, type RouterConfig } from '../../shared/config/settings.ts';
import type { RoomStore } from '../../shared/ports/room-store.ts';
import type { Deps } from '../../shared/use-cases/deps.ts';
import { telemetry } from './telemetry.ts';

/**
 * Where the local stack leaves a store for the handlers that it runs: one for all of them, whatever is reloaded. Never
 * set in Lambda.
 */
const LOCAL_STORE = Symbol.for('anteroom.room-store');

function roomStore(config: RouterConfig): RoomStore {
  const local = (globalThis as { [LOCAL_STORE]?: RoomStore })[LOCAL_STORE];
  return (
    local ??
    dynamoRoomStore({
      client: dynamoDbClient(),
      tasksTable: config.TASKS_TABLE,
      roomsTable: config.ROOMS_TABLE,
    })
  );
}

function compose(): Deps {
  const config = routerConfig(process.env);
  const secrets = secretsManagerSource(config.ROUTER_SECRET_ID);
  return {
    policy: config,
    store: roomStore(config),
    fleet: ecsFleet({ cluster: config.ECS_CLUSTER, launches: ecsLaunches(config) }),
    tasks: httpTaskClient(secrets, systemClock),
    secrets,
    clock: systemClock,
    random: systemRandom,
    telemetry,
    push: config.CONTROL_ENDPOINT === undefined ? undefined : apiGatewayPush(config.CONTROL_ENDPOINT),
    waker: config.SCALE_FUNCTION === undefined ? noWaker : lambdaWaker(config.SCALE_FUNCTION, telemetry),
  };
}

let composed: Deps | undefined;

/** The dependencies of this Lambda instance. Throws `ConfigError` with every fault of the environment. */
export function deps(): Deps {
  composed ??= compose();
  return composed;
}
