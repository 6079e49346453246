/**
 * Amazon EC2 over the local fleet: DescribeNetworkInterfaces and DescribeInstances, by id.
 * Shapes and errors: Amazon EC2 API reference, 2016-11-15. The output is what the XML holds; a list is `{ item: [] }`.
 */
import { AwsError, type AwsOperation } from './errors.ts';
import {
  ACCOUNT,
  instanceId,
  type LocalTask,
  type LocalTasks,
  macAddress,
  networkInterfaceId,
  TASK_ADDRESS,
} from './local-task.ts';

/** The members of a list parameter: `InstanceId.1`, `InstanceId.2`, … */
function list(input: Readonly<Record<string, unknown>>, name: string): string[] {
  const entries = Object.entries(input).filter(([key]) => key.startsWith(`${name}.`));
  if (entries.length === 0) {
    throw new AwsError('MissingParameter', `The request must contain the parameter ${name}`);
  }
  return entries.map(([, value]) => String(value));
}

/** The tasks that `ids` stand for; the first unknown id is an error, as EC2 has it. */
function lookUp(ids: string[], tasks: readonly LocalTask[], id: (task: LocalTask) => string, kind: string) {
  return ids.map((wanted) => {
    const task = tasks.find((candidate) => id(candidate) === wanted);
    if (task === undefined) {
      const name = kind === 'NetworkInterface' ? 'networkInterface' : 'instance';
      throw new AwsError(`Invalid${kind}ID.NotFound`, `The ${name} ID '${wanted}' does not exist`);
    }
    return task;
  });
}

export function ec2Operations(fleet: LocalTasks): Record<string, AwsOperation> {
  const alive = (launch_type: LocalTask['launch_type']): LocalTask[] =>
    fleet.all().filter((task) => task.launch_type === launch_type && task.last_status !== 'STOPPED');
  return {
    DescribeNetworkInterfaces(input) {
      const ids = list(input, 'NetworkInterfaceId');
      const tasks = lookUp(ids, alive('FARGATE'), networkInterfaceId, 'NetworkInterface');
      return {
        networkInterfaceSet: {
          item: tasks.map((task) => ({
            networkInterfaceId: networkInterfaceId(task),
            ownerId: ACCOUNT,
            status: 'in-use',
            macAddress: macAddress(task),
            privateIpAddress: TASK_ADDRESS,
            association: { ipOwnerId: 'amazon', publicIp: TASK_ADDRESS },
          })),
        },
      };
    },
    DescribeInstances(input) {
      const tasks = lookUp(list(input, 'InstanceId'), alive('EC2'), instanceId, 'Instance');
      return {
        reservationSet: {
          item: tasks.map((task) => ({
            ownerId: ACCOUNT,
            instancesSet: {
              item: [
                {
                  instanceId: instanceId(task),
                  instanceState: { code: 16, name: 'running' },
                  privateIpAddress: TASK_ADDRESS,
                  ipAddress: TASK_ADDRESS,
                },
              ],
            },
          })),
        },
      };
    },
  };
}
