/**
 * The public address of an ECS task, asked of ECS and EC2. They are imported by name, and not while the task runs: only so does the
 * bundler leave out what is not used of EC2's client, the largest that there is, and a task boots faster.
 */
import {
  DescribeContainerInstancesCommand,
  DescribeTasksCommand,
  ECSClient,
  type Task,
} from '@aws-sdk/client-ecs';
import { DescribeInstancesCommand, DescribeNetworkInterfacesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { type AwsAccess, type EcsAddress, SETTINGS_HINT } from './address.ts';
import { instanceAddress } from './metadata.ts';

/** That of the network interface of the task, or of its instance. */
export const ecsAddress: EcsAddress = async (task, access) => {
  const ecs = new ECSClient({ region: access.region });
  const ec2 = new EC2Client({ region: access.region });
  try {
    const { tasks } = await ecs.send(
      new DescribeTasksCommand({ cluster: task.cluster, tasks: [task.task_arn] }),
    );
    const described = tasks?.[0];
    if (described === undefined) throw new Error(`ECS does not know this task, ${task.task_arn}`);
    const network_interface = networkInterfaceOf(described);
    return network_interface === undefined
      ? await hostAddress(described, task.cluster, ecs, ec2, access)
      : await interfaceAddress(network_interface, ec2);
  } finally {
    ecs.destroy();
    ec2.destroy();
  }
};

/** Id of the elastic network interface of a task in `awsvpc` mode (API reference of ECS, `Attachment`). */
export function networkInterfaceOf(task: Pick<Task, 'attachments'>): string | undefined {
  const attachment = task.attachments?.find(({ type }) => type === 'ElasticNetworkInterface');
  return attachment?.details?.find(({ name }) => name === 'networkInterfaceId')?.value;
}

async function interfaceAddress(id: string, ec2: EC2Client): Promise<string> {
  const { NetworkInterfaces } = await ec2.send(
    new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] }),
  );
  const address = NetworkInterfaces?.[0]?.Association?.PublicIp;
  if (address === undefined) {
    throw new Error(
      `Network interface ${id} has no public address: give the service assignPublicIp=ENABLED, or ${SETTINGS_HINT}`,
    );
  }
  return address;
}

/** The instance's own address; asked of EC2 where the metadata service is closed to containers. */
async function hostAddress(
  task: Task,
  cluster: string,
  ecs: ECSClient,
  ec2: EC2Client,
  access: AwsAccess,
): Promise<string> {
  const known = await instanceAddress(access.endpoints, access.timeout);
  if (known !== undefined) return known;
  const arn = task.containerInstanceArn;
  if (arn === undefined)
    throw new Error(`The task has neither a network interface nor an instance: ${SETTINGS_HINT}`);
  const { containerInstances } = await ecs.send(
    new DescribeContainerInstancesCommand({ cluster, containerInstances: [arn] }),
  );
  const id = containerInstances?.[0]?.ec2InstanceId;
  if (id === undefined) throw new Error(`ECS does not know container instance ${arn}`);
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const address = Reservations?.[0]?.Instances?.[0]?.PublicIpAddress;
  if (address === undefined) throw new Error(`Instance ${id} has no public address: ${SETTINGS_HINT}`);
  return address;
}
