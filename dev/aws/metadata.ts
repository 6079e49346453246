/**
 * The ECS task metadata endpoint, version 4: what a container reads at `${ECS_CONTAINER_METADATA_URI_V4}/task`.
 * Shape: Amazon ECS developer guide, "Task metadata version 4" (on Fargate, the cluster is given as its ARN or name).
 */
import { CLUSTER, containerArn, type LocalTask, TASK_ADDRESS, taskArn } from './local-task.ts';

function containerMetadata(task: LocalTask): Record<string, unknown> {
  return {
    DockerId: `${task.id}-1`,
    Name: 'stream-task',
    DesiredStatus: task.desired_status,
    KnownStatus: task.last_status,
    Type: 'NORMAL',
    ContainerARN: containerArn(task),
    Networks: [
      task.launch_type === 'FARGATE'
        ? { NetworkMode: 'awsvpc', IPv4Addresses: [TASK_ADDRESS] }
        : { NetworkMode: 'host' },
    ],
  };
}

/** The document at `path` below `/v4`, such as `/<task id>` or `/<task id>/task`; undefined if there is none. */
export function taskMetadata(path: string, tasks: readonly LocalTask[]): unknown {
  const match = /^\/([0-9a-f]{32})(\/task)?$/.exec(path);
  const task = tasks.find(({ id }) => id === match?.[1]);
  if (match === null || task === undefined) return undefined;
  if (match[2] === undefined) return containerMetadata(task);
  return {
    Cluster: CLUSTER,
    TaskARN: taskArn(task),
    Family: 'stream-task',
    Revision: '1',
    DesiredStatus: task.desired_status,
    KnownStatus: task.last_status,
    LaunchType: task.launch_type,
    Containers: [containerMetadata(task)],
  };
}
