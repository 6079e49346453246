/** The local fleet as the AWS doubles see it: tasks with the names and states that ECS would give them. */
import type { TaskKind } from '../../shared/domain/task.ts';

export const ACCOUNT = '000000000000';
export const CLUSTER = 'anteroom';
/** Every task of the local fleet is reached here. */
export const TASK_ADDRESS = '127.0.0.1';
/** The task definition of each kind. */
export const FAMILIES: Readonly<Record<TaskKind, string>> = {
  relay: 'stream-task',
  render: 'stream-task-render',
};
/** Where tasks of each kind may run: what the local cluster has of capacity providers. */
export const CAPACITY_PROVIDERS: Readonly<Record<TaskKind, readonly string[]>> = {
  relay: ['FARGATE', 'FARGATE_SPOT'],
  render: ['gpu'],
};

export interface LocalTask {
  /** 32 hex digits, as ECS makes them. */
  id: string;
  region: string;
  kind: TaskKind;
  /** Of its task definition. */
  revision: number;
  launch_type: 'FARGATE' | 'EC2';
  /** What ECS calls lastStatus and desiredStatus. */
  last_status: 'PENDING' | 'RUNNING' | 'STOPPED';
  desired_status: 'RUNNING' | 'STOPPED';
  /** It grows with each change that ECS reports. */
  version: number;
  /** Milliseconds since the Unix epoch. */
  created_at: number;
  started_at?: number;
  stopped_at?: number;
  stop_code?: 'EssentialContainerExited' | 'UserInitiated';
  stopped_reason?: string;
  exit_code?: number;
}

/** What the ECS double may do with the local fleet. */
export interface LocalTasks {
  /** Every task, those lately stopped too. */
  all(): readonly LocalTask[];
  /** The newest revision of the task definitions, which is what a launch runs. */
  revision(): number;
  run(kind: TaskKind): LocalTask;
  /** SIGTERM, and SIGKILL when its time is up. */
  stop(id: string, reason: string): void;
}

const arn = (region: string, resource: string): string => `arn:aws:ecs:${region}:${ACCOUNT}:${resource}`;

export const clusterArn = (region: string): string => arn(region, `cluster/${CLUSTER}`);
export const taskDefinitionArn = ({
  region,
  kind,
  revision,
}: Pick<LocalTask, 'region' | 'kind' | 'revision'>): string =>
  arn(region, `task-definition/${FAMILIES[kind]}:${revision}`);
export const taskArn = ({ id, region }: Pick<LocalTask, 'id' | 'region'>): string =>
  arn(region, `task/${CLUSTER}/${id}`);
export const containerArn = ({ id, region }: LocalTask): string =>
  arn(region, `container/${CLUSTER}/${id}/stream-task`);
export const containerInstanceArn = ({ id, region }: LocalTask): string =>
  arn(region, `container-instance/${CLUSTER}/${id}`);
export const networkInterfaceId = ({ id }: LocalTask): string => `eni-${id.slice(0, 17)}`;
export const instanceId = ({ id }: LocalTask): string => `i-${id.slice(0, 17)}`;
/** A locally administered address (IEEE 802: second hex digit 2), as those of network interfaces are. */
export const macAddress = ({ id }: LocalTask): string =>
  `02:${/^(..)(..)(..)(..)(..)/.exec(id)!.slice(1).join(':')}`;
