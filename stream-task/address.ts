/**
 * Under which public address this task is reached. In order: what the operator says; in ECS the task's own network
 * interface (Fargate), or its instance where it uses the host's network (EC2); outside ECS the EC2 instance.
 */
import { isIP } from 'node:net';
import type { ECSClient, Task } from '@aws-sdk/client-ecs';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { TaskConfig } from '../shared/config/settings.ts';
import { instanceAddress, type EcsTask, type MetadataEndpoints } from './metadata.ts';

/** What is needed to ask AWS; the clients are loaded only when they are used. */
export interface AddressDeps {
  region: string;
  endpoints: MetadataEndpoints;
  ecs: EcsTask | undefined;
  /** Limit of one call to a metadata service, ms. */
  timeout: number;
}

const SETTINGS_HINT = 'set PUBLIC_ADDRESS, or PUBLIC_URL with an IP address';

/** The public IP address. Rejects with a sentence that names the way out if there is none. */
export async function publicAddress(
  config: Pick<TaskConfig, 'PUBLIC_ADDRESS' | 'PUBLIC_URL'>,
  deps: AddressDeps,
): Promise<string> {
  const given = config.PUBLIC_ADDRESS ?? addressOf(config.PUBLIC_URL);
  if (given !== undefined) return given;
  if (deps.ecs !== undefined) return ecsAddress(deps.ecs, deps);
  const address = await instanceAddress(deps.endpoints, deps.timeout);
  if (address === undefined)
    throw new Error(`This is neither an ECS task nor an EC2 instance: ${SETTINGS_HINT}`);
  return address;
}

/** The address for clients. IPv6 addresses stand in brackets (RFC 3986 §3.2.2). */
export function publicUrl(config: Pick<TaskConfig, 'PUBLIC_URL'>, address: string, port: number): string {
  return config.PUBLIC_URL ?? `ws://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}

/** The host of `url` where it is an IP address. */
function addressOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const host = URL.parse(url)?.hostname.replace(/^\[|\]$/g, '') ?? '';
  return isIP(host) === 0 ? undefined : host;
}

async function ecsAddress(task: EcsTask, deps: AddressDeps): Promise<string> {
  const [{ ECSClient, DescribeTasksCommand }, { EC2Client }] = await Promise.all([
    import('@aws-sdk/client-ecs'),
    import('@aws-sdk/client-ec2'),
  ]);
  const ecs = new ECSClient({ region: deps.region });
  const ec2 = new EC2Client({ region: deps.region });
  try {
    const { tasks } = await ecs.send(
      new DescribeTasksCommand({ cluster: task.cluster, tasks: [task.task_arn] }),
    );
    const described = tasks?.[0];
    if (described === undefined) throw new Error(`ECS does not know this task, ${task.task_arn}`);
    const network_interface = networkInterfaceOf(described);
    return network_interface === undefined
      ? await hostAddress(described, task.cluster, ecs, ec2, deps)
      : await interfaceAddress(network_interface, ec2);
  } finally {
    ecs.destroy();
    ec2.destroy();
  }
}

/** Id of the elastic network interface of a task in `awsvpc` mode (API reference of ECS, `Attachment`). */
export function networkInterfaceOf(task: Pick<Task, 'attachments'>): string | undefined {
  const attachment = task.attachments?.find(({ type }) => type === 'ElasticNetworkInterface');
  return attachment?.details?.find(({ name }) => name === 'networkInterfaceId')?.value;
}

async function interfaceAddress(id: string, ec2: EC2Client): Promise<string> {
  const { DescribeNetworkInterfacesCommand } = await import('@aws-sdk/client-ec2');
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
  deps: AddressDeps,
): Promise<string> {
  const known = await instanceAddress(deps.endpoints, deps.timeout);
  if (known !== undefined) return known;
  const [{ DescribeContainerInstancesCommand }, { DescribeInstancesCommand }] = await Promise.all([
    import('@aws-sdk/client-ecs'),
    import('@aws-sdk/client-ec2'),
  ]);
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
