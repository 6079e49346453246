/** What a launch asks of Amazon ECS, and what its refusals mean. */
import { createHash } from 'node:crypto';
import type { CapacityProviderStrategyItem, Failure, RunTaskCommandInput } from '@aws-sdk/client-ecs';
import type { RouterConfig } from '../config/settings.ts';
import type { TaskKind } from '../domain/task.ts';
import type { LaunchFailureKind } from '../ports/fleet.ts';

/** How tasks of one kind are launched. */
export interface EcsLaunch {
  /** Family, family:revision or ARN; undefined: there is nothing to launch. */
  task_definition: string | undefined;
  /** Where they run; none: as the cluster's own strategy says. */
  capacity_providers: CapacityProviderStrategyItem[];
  /** Of tasks with network interfaces of their own (awsvpc); undefined: of the host. */
  network?: { subnets: string[]; security_groups: string[] } | undefined;
}

export type EcsLaunches = Record<TaskKind, EcsLaunch>;

/** `name`, `name:weight` or `name:weight:base`. ECS takes a weight that is not given for 0, which places nothing. */
function capacityProvider(text: string): CapacityProviderStrategyItem {
  const [name = '', weight = '1', base = '0'] = text.split(':');
  return { capacityProvider: name, weight: Number(weight), base: Number(base) };
}

type LaunchSettings = Pick<
  RouterConfig,
  | 'RELAY_TASK_DEFINITION'
  | 'RENDER_TASK_DEFINITION'
  | 'RELAY_CAPACITY_PROVIDERS'
  | 'RENDER_CAPACITY_PROVIDERS'
  | 'TASK_SUBNETS'
  | 'TASK_SECURITY_GROUPS'
>;

/** Relay tasks have network interfaces of their own (Fargate has nothing else); render tasks use those of their host. */
export function ecsLaunches(settings: LaunchSettings): EcsLaunches {
  const { TASK_SUBNETS: subnets, TASK_SECURITY_GROUPS: security_groups } = settings;
  return {
    relay: {
      task_definition: settings.RELAY_TASK_DEFINITION,
      capacity_providers: settings.RELAY_CAPACITY_PROVIDERS.map(capacityProvider),
      network: subnets.length === 0 ? undefined : { subnets, security_groups },
    },
    render: {
      task_definition: settings.RENDER_TASK_DEFINITION,
      capacity_providers: settings.RENDER_CAPACITY_PROVIDERS.map(capacityProvider),
    },
  };
}

/** The revision is there only if `definition` names one. */
export function parseDefinition(definition: string): { family: string; revision?: number } {
  const name = definition.slice(definition.lastIndexOf('/') + 1);
  const colon = name.lastIndexOf(':');
  if (colon < 0) return { family: name };
  return { family: name.slice(0, colon), revision: Number(name.slice(colon + 1)) };
}

/** Most tasks that one RunTask launches (Amazon ECS API reference, RunTask). */
export const LAUNCH_BATCH = 10;

/**
 * The batch of a launch that begins with its task number `from`. The same launch makes the same requests, so that ECS knows
 * them again for 24 hours (Amazon ECS API reference, "Ensuring idempotency"); a client token has 64 characters at most.
 */
export function runTaskInput(
  cluster: string,
  launch: EcsLaunch,
  { count, token, from }: { count: number; token: string; from: number },
): RunTaskCommandInput {
  const { capacity_providers, network } = launch;
  return {
    cluster,
    taskDefinition: launch.task_definition,
    count: Math.min(LAUNCH_BATCH, count - from),
    clientToken: createHash('sha256').update(`${token}#${from}`).digest('base64url'),
    startedBy: 'anteroom',
    propagateTags: 'TASK_DEFINITION',
    enableECSManagedTags: true,
    ...(capacity_providers.length === 0 ? {} : { capacityProviderStrategy: capacity_providers }),
    ...(network === undefined
      ? {}
      : {
          networkConfiguration: {
            awsvpcConfiguration: {
              subnets: network.subnets,
              securityGroups: network.security_groups,
              assignPublicIp: 'ENABLED',
            },
          },
        }),
  };
}

/**
 * Texts that say more than the name of their exception. RunTask hands on what EC2 answers, throttles included, as
 * InvalidParameterException or ClientException.
 */
const BY_TEXT: readonly (readonly [RegExp, LaunchFailureKind | 'unavailable'])[] = [
  [/rate exceeded|request ?limit ?exceeded|throttl/i, 'unavailable'],
  [/capacity is unavailable|insufficient.*capacity|out of capacity/i, 'no_capacity'],
  [/reached the limit|limit ?exceeded|above your limit|quota/i, 'limit'],
];

const BY_NAME: Readonly<Record<string, LaunchFailureKind>> = {
  AccessDeniedException: 'misconfigured',
  BlockedException: 'misconfigured',
  ClientException: 'misconfigured',
  ClusterNotFoundException: 'misconfigured',
  InvalidParameterException: 'misconfigured',
  LimitExceededException: 'limit',
  PlatformTaskDefinitionIncompatibilityException: 'misconfigured',
  PlatformUnknownException: 'misconfigured',
  UnsupportedFeatureException: 'misconfigured',
};

/**
 * What an exception of RunTask means. `unavailable`: nothing is known, as of everything that is not named here (errors of the
 * server, of the network, throttling): the same launch may be repeated.
 */
export function exceptionClass({ name, message }: Error): LaunchFailureKind | 'unavailable' {
  const named = BY_NAME[name];
  if (named === undefined) return 'unavailable';
  return BY_TEXT.find(([pattern]) => pattern.test(message))?.[1] ?? named;
}

/**
 * What a partial failure of RunTask means (Amazon ECS developer guide, "API failure reasons"). No instance fits (ATTRIBUTE,
 * LOCATION) until somebody changes something; instances that are full (RESOURCE:…) or do not answer (AGENT) may be free or
 * back a minute later, and so may what is not known here.
 */
export function failureClass({ reason = '', detail = '' }: Failure): LaunchFailureKind {
  if (/^(ATTRIBUTE|LOCATION|MISSING|INACTIVE)\b/.test(reason)) return 'misconfigured';
  const told = BY_TEXT.find(([pattern]) => pattern.test(`${reason} ${detail}`))?.[1];
  return told === 'limit' ? 'limit' : 'no_capacity';
}
