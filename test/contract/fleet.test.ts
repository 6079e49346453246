import { ECSClient } from '@aws-sdk/client-ecs';
import { CLUSTER, type LocalTask } from '../../dev/aws/local-task.ts';
import { localFleet } from '../../dev/fleet.ts';
import { localFleetPort } from '../../dev/fleet-port.ts';
import { ecsFleet } from '../../shared/adapters/ecs-fleet.ts';
import { lineLog } from '../support/line-log.ts';
import { startTestAws, TEST_LAUNCHES } from '../support/aws.ts';
import { fleetContract, type FleetUnderTest } from './fleet.ts';

/** A fleet of processes that do nothing. */
function processes() {
  const changes = lineLog();
  const fleet = localFleet({
    script: new URL('../support/fixtures/processes/idle.ts', import.meta.url),
    region: 'local',
    env: () => process.env,
    print: () => {},
    changed: ({ last_status, id }: LocalTask) => changes.print(`${last_status.toLowerCase()} ${id}`),
  });
  const idOf = (task_arn: string) => task_arn.slice(-32);
  return {
    fleet,
    reached: async (task_arn: string, state: 'running' | 'stopped') =>
      void (await changes.printed(new RegExp(`^${state} ${idOf(task_arn)}$`))),
    kill(task_arn: string) {
      const task = fleet.running().find(({ task_id }) => task_id === idOf(task_arn));
      process.kill(task!.pid, 'SIGKILL');
    },
    revise: () => void fleet.revise(),
  };
}

fleetContract('child processes', async (): Promise<FleetUnderTest> => {
  const { fleet, ...rest } = processes();
  return { ...rest, fleet: localFleetPort(fleet), [Symbol.asyncDispose]: () => fleet.end() };
});

fleetContract('ECS over the wire', async (): Promise<FleetUnderTest> => {
  const { fleet, ...rest } = processes();
  const aws = await startTestAws({ fleet });
  const client = new ECSClient(aws.clientConfig('ECS'));
  return {
    ...rest,
    fleet: ecsFleet({ cluster: CLUSTER, launches: TEST_LAUNCHES, client }),
    async [Symbol.asyncDispose]() {
      await fleet.end();
      client.destroy();
      await aws.doubles.stop();
    },
  };
});
