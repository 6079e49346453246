/** A task of the local fleet as ECS describes it: Amazon ECS API reference, Task; developer guide, "task state change events". */
import {
  clusterArn,
  containerArn,
  containerInstanceArn,
  FAMILIES,
  type LocalTask,
  macAddress,
  networkInterfaceId,
  TASK_ADDRESS,
  taskArn,
  taskDefinitionArn,
} from './local-task.ts';

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1_000);

export function taskShape(task: LocalTask): Record<string, unknown> {
  const stopped = task.last_status === 'STOPPED';
  const attachment = `attachment-${task.id}`;
  const fargate = task.launch_type === 'FARGATE';
  return {
    taskArn: taskArn(task),
    clusterArn: clusterArn(task.region),
    taskDefinitionArn: taskDefinitionArn(task),
    group: `family:${FAMILIES[task.kind]}`,
    launchType: task.launch_type,
    lastStatus: task.last_status,
    desiredStatus: task.desired_status,
    version: task.version,
    createdAt: seconds(task.created_at),
    startedAt: seconds(task.started_at),
    stoppedAt: seconds(task.stopped_at),
    stopCode: task.stop_code,
    stoppedReason: task.stopped_reason,
    ...(fargate ? {} : { containerInstanceArn: containerInstanceArn(task) }),
    attachments: fargate
      ? [
          {
            id: attachment,
            type: 'ElasticNetworkInterface',
            status: stopped ? 'DELETED' : 'ATTACHED',
            details: [
              { name: 'networkInterfaceId', value: networkInterfaceId(task) },
              { name: 'macAddress', value: macAddress(task) },
              { name: 'privateIPv4Address', value: TASK_ADDRESS },
            ],
          },
        ]
      : [],
    containers: [
      {
        containerArn: containerArn(task),
        taskArn: taskArn(task),
        name: 'stream-task',
        lastStatus: task.last_status,
        exitCode: task.exit_code,
        networkInterfaces: fargate ? [{ attachmentId: attachment, privateIpv4Address: TASK_ADDRESS }] : [],
      },
    ],
  };
}

const isoTime = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

/** The detail of the event "ECS Task State Change": the task, with its times as text. */
export function taskStateChange(task: LocalTask): Record<string, unknown> {
  return {
    ...taskShape(task),
    createdAt: isoTime(task.created_at),
    startedAt: isoTime(task.started_at),
    stoppedAt: isoTime(task.stopped_at),
  };
}
