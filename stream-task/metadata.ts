/** The metadata services of AWS that a task can ask about itself. */
import { z } from 'zod';

/**
 * What the ECS task metadata endpoint, version 4, says at `/task` (Amazon ECS Developer Guide, "Task metadata endpoint
 * version 4"). Only what we read.
 */
const taskMetadata = z.object({ Cluster: z.string().min(1), TaskARN: z.string().min(1) });

export interface EcsTask {
  cluster: string;
  task_arn: string;
}

/** Where the metadata services are: from the environment, as AWS sets it. */
export interface MetadataEndpoints {
  /** `ECS_CONTAINER_METADATA_URI_V4`; undefined outside ECS. */
  ecs: string | undefined;
  /** Where EC2's is; undefined if it must not be asked. */
  instance: string | undefined;
}

export function metadataEndpoints(env: Readonly<Record<string, string | undefined>>): MetadataEndpoints {
  return {
    ecs: env['ECS_CONTAINER_METADATA_URI_V4'],
    // The same variables that the AWS SDKs and the AWS CLI read.
    instance:
      env['AWS_EC2_METADATA_DISABLED'] === 'true'
        ? undefined
        : (env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] ?? 'http://169.254.169.254'),
  };
}

/** This task in ECS; undefined outside ECS. Rejects if the endpoint is there but does not answer as documented. */
export async function ecsTask(endpoints: MetadataEndpoints, timeout: number): Promise<EcsTask | undefined> {
  if (endpoints.ecs === undefined) return undefined;
  const response = await fetch(`${endpoints.ecs}/task`, { signal: AbortSignal.timeout(timeout) });
  if (!response.ok) throw new Error(`ECS task metadata answered ${response.status}`);
  const { Cluster, TaskARN } = taskMetadata.parse(await response.json());
  return { cluster: Cluster, task_arn: TaskARN };
}

/**
 * The public IPv4 address of the EC2 instance that this process runs on, by the instance metadata service, version 2
 * (Amazon EC2 User Guide, "Use the Instance Metadata Service"). Undefined if there is no such service, or no such
 * address. From a container the service must allow two hops.
 */
export async function instanceAddress(
  endpoints: MetadataEndpoints,
  timeout: number,
): Promise<string | undefined> {
  if (endpoints.instance === undefined) return undefined;
  try {
    const token = await fetch(`${endpoints.instance}/latest/api/token`, {
      method: 'PUT',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
      signal: AbortSignal.timeout(timeout),
    });
    if (!token.ok) return undefined;
    const address = await fetch(`${endpoints.instance}/latest/meta-data/public-ipv4`, {
      headers: { 'x-aws-ec2-metadata-token': await token.text() },
      signal: AbortSignal.timeout(timeout),
    });
    return address.ok ? (await address.text()).trim() : undefined;
  } catch {
    return undefined;
  }
}
