/**
 * Under which public address this task is reached. In order: what the operator says; in ECS the task's own network
 * interface (Fargate), or its instance where it uses the host's network (EC2); outside ECS the EC2 instance.
 */
import { isIP } from 'node:net';
import type { TaskConfig } from '../shared/config/settings.ts';
import { instanceAddress, type EcsTask, type MetadataEndpoints } from './metadata.ts';

/** What is needed to ask AWS. */
export interface AwsAccess {
  region: string;
  endpoints: MetadataEndpoints;
  /** Limit of one call to a metadata service, ms. */
  timeout: number;
}

/** The public address of an ECS task, as ECS and EC2 know it. Rejects like {@link publicAddress}. */
export type EcsAddress = (task: EcsTask, access: AwsAccess) => Promise<string>;

export interface AddressDeps extends AwsAccess {
  /** Undefined outside ECS. */
  ecs: EcsTask | undefined;
  ecsAddress: EcsAddress;
}

/** The way out where there is no public address. */
export const SETTINGS_HINT = 'set PUBLIC_ADDRESS, or PUBLIC_URL with an IP address';

/** The public IP address. Rejects with a sentence that names the way out if there is none. */
export async function publicAddress(
  config: Pick<TaskConfig, 'PUBLIC_ADDRESS' | 'PUBLIC_URL'>,
  deps: AddressDeps,
): Promise<string> {
  const given = config.PUBLIC_ADDRESS ?? addressOf(config.PUBLIC_URL);
  if (given !== undefined) return given;
  if (deps.ecs !== undefined) return deps.ecsAddress(deps.ecs, deps);
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
