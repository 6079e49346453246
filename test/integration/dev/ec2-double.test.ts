import { DescribeInstancesCommand, DescribeNetworkInterfacesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeContainerInstancesCommand, DescribeTasksCommand, ECSClient } from '@aws-sdk/client-ecs';
import { afterEach, describe, expect, it } from 'vitest';
import { CLUSTER, taskArn } from '../../../dev/aws/local-task.ts';
import { paperFleet, startTestAws } from '../../support/aws.ts';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

async function start() {
  const fleet = paperFleet();
  const aws = await startTestAws({ fleet });
  const ecs = new ECSClient(aws.clientConfig('ECS'));
  const ec2 = new EC2Client(aws.clientConfig('EC2'));
  stop = async () => {
    ecs.destroy();
    ec2.destroy();
    await aws.doubles.stop();
  };
  return { fleet, ecs, ec2, doubles: aws.doubles };
}

describe('the public address of a task', () => {
  it('on Fargate is that of its network interface', async () => {
    const { fleet, ecs, ec2, doubles } = await start();
    const task = fleet.add();
    const metadata = (await (await fetch(`${doubles.metadataUri(task)}/task`)).json()) as {
      Cluster: string;
      TaskARN: string;
      LaunchType: string;
    };
    expect(metadata).toMatchObject({ Cluster: CLUSTER, TaskARN: taskArn(task), LaunchType: 'FARGATE' });
    const { tasks } = await ecs.send(
      new DescribeTasksCommand({ cluster: metadata.Cluster, tasks: [metadata.TaskARN] }),
    );
    const eni = tasks?.[0]?.attachments?.[0]?.details?.find(
      ({ name }) => name === 'networkInterfaceId',
    )?.value;
    const { NetworkInterfaces } = await ec2.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [eni ?? ''] }),
    );
    expect(NetworkInterfaces?.[0]).toMatchObject({
      NetworkInterfaceId: eni,
      Association: { PublicIp: '127.0.0.1' },
    });
  });

  it('on EC2 is that of its instance', async () => {
    const { fleet, ecs, ec2 } = await start();
    const task = fleet.add({ launch_type: 'EC2' });
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: [taskArn(task)] }));
    const { containerInstances } = await ecs.send(
      new DescribeContainerInstancesCommand({
        cluster: CLUSTER,
        containerInstances: [tasks?.[0]?.containerInstanceArn ?? ''],
      }),
    );
    const { Reservations } = await ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [containerInstances?.[0]?.ec2InstanceId ?? ''] }),
    );
    expect(Reservations?.[0]?.Instances?.[0]?.PublicIpAddress).toBe('127.0.0.1');
  });

  it('is gone with the task', async () => {
    const { fleet, ec2 } = await start();
    const task = fleet.add();
    fleet.stop(task.id, 'enough');
    const eni = `eni-${task.id.slice(0, 17)}`;
    await expect(
      ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [eni] })),
    ).rejects.toMatchObject({ name: 'InvalidNetworkInterfaceID.NotFound' });
  });
});

it('a task that the metadata endpoint does not know is a 404', async () => {
  const { fleet, doubles } = await start();
  const uri = doubles.metadataUri({ ...fleet.add(), id: 'f'.repeat(32) });
  expect((await fetch(`${uri}/task`)).status).toBe(404);
});
