/** The local fleet as the AWS doubles see it: tasks with the names and states that ECS would give them. */

export const ACCOUNT = '000000000000';
export const CLUSTER = 'anteroom';
/** Every task of the local fleet is reached here. */
export const TASK_ADDRESS = '127.0.0.1';

export interface LocalTask {
  /** 32 hex digits, as ECS makes them. */
  id: string;
  region: string;
  launch_type: 'FARGATE' | 'EC2';
  /** What ECS calls lastStatus and desiredStatus. */
  last_status: 'PENDING' | 'RUNNING' | 'STOPPED';
  desired_status: 'RUNNING' | 'STOPPED';
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
  run(): LocalTask;
  stop(id: string, reason: string): void;
}

const arn = (region: string, resource: string): string => `arn:aws:ecs:${region}:${ACCOUNT}:${resource}`;

export const clusterArn = (region: string): string => arn(region, `cluster/${CLUSTER}`);
export const taskDefinitionArn = (region: string): string => arn(region, 'task-definition/stream-task:1');
export const taskArn = ({ id, region }: LocalTask): string => arn(region, `task/${CLUSTER}/${id}`);
export const containerArn = ({ id, region }: LocalTask): string =>
  arn(region, `container/${CLUSTER}/${id}/stream-task`);
export const containerInstanceArn = ({ id, region }: LocalTask): string =>
  arn(region, `container-instance/${CLUSTER}/${id}`);
export const networkInterfaceId = ({ id }: LocalTask): string => `eni-${id.slice(0, 17)}`;
export const instanceId = ({ id }: LocalTask): string => `i-${id.slice(0, 17)}`;
/** A locally administered address (IEEE 802: second hex digit 2), as those of network interfaces are. */
export const macAddress = ({ id }: LocalTask): string =>
  `02:${/^(..)(..)(..)(..)(..)/.exec(id)!.slice(1).join(':')}`;
