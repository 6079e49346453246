/** What each error of ECS leads to, over the wire. docs/reliability.md has these tables for operators. */
import { readFileSync } from 'node:fs';
import { ECSClient } from '@aws-sdk/client-ecs';
import { afterEach, describe, expect, it, test } from 'vitest';
import { AwsError, type AwsCall } from '../../../dev/aws/errors.ts';
import { CLUSTER, taskArn } from '../../../dev/aws/local-task.ts';
import type { AwsDoublesOptions } from '../../../dev/aws/server.ts';
import { ecsFleet } from '../../../shared/adapters/ecs-fleet.ts';
import type { EcsLaunches } from '../../../shared/adapters/ecs-launch.ts';
import { FleetUnavailable } from '../../../shared/ports/fleet.ts';
import { paperFleet, startTestAws, TEST_LAUNCHES } from '../../support/aws.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Injected = Pick<AwsDoublesOptions, 'fault' | 'delay' | 'lost' | 'refused' | 'page'>;

/** A fleet on ECS over the wire, and what ECS has of it. `tries`: of each call. */
async function start(
  injected: Injected,
  { tries = 1, launches = TEST_LAUNCHES, cluster = CLUSTER, limit_ms = ANSWER_LIMIT_MS } = {},
) {
  const calls: AwsCall[] = [];
  const paper = paperFleet();
  const aws = await startTestAws({
    fleet: paper,
    ...injected,
    fault(call) {
      calls.push(call);
      return injected.fault?.(call);
    },
  });
  const client = new ECSClient({
    ...aws.clientConfig('ECS'),
    maxAttempts: tries,
    requestHandler: { requestTimeout: limit_ms, throwOnRequestTimeout: true },
  });
  closers.push(
    () => aws.doubles.stop(),
    () => client.destroy(),
  );
  const fleet = ecsFleet({ cluster, launches, client });
  const count = (operation: string) => calls.filter((call) => call.operation === operation).length;
  return { fleet, paper, calls, count, stopAws: () => aws.doubles.stop() };
}

/** Within which ECS is to answer: in most tests it has time enough. */
const ANSWER_LIMIT_MS = 10_000;
const SHORT_LIMIT_MS = 200;
const throttled = () => new AwsError('ThrottlingException', 'Rate exceeded');
const broken = () => new AwsError('ServerException', 'Service Unavailable. Please try again later.', 500);
const only = (operation: string, error: () => AwsError) => (call: AwsCall) =>
  call.operation === operation ? error() : undefined;
/** An error for the first `times` calls of `operation`. */
function first(times: number, operation: string, error: () => AwsError) {
  let left = times;
  return (call: AwsCall) => (call.operation === operation && left-- > 0 ? error() : undefined);
}

/** Errors of RunTask by what becomes of the launch: `[what ECS says, its message]`. */
const REFUSALS = {
  no_capacity: [
    [
      'ClientException',
      'Capacity is unavailable at this time. Please try again later or in a different availability zone',
    ],
  ],
  limit: [
    ['LimitExceededException', 'The limit for the resource was exceeded.'],
    ['ClientException', "You've reached the limit on the number of vCPUs you can run concurrently"],
  ],
  misconfigured: [
    ['AccessDeniedException', 'not authorized to perform: iam:PassRole'],
    ['BlockedException', 'Your account was blocked.'],
    ['ClientException', 'TaskDefinition is inactive'],
    ['ClusterNotFoundException', 'Cluster not found.'],
    ['InvalidParameterException', 'No subnets found.'],
    ['PlatformTaskDefinitionIncompatibilityException', 'The platform version does not fit.'],
    ['PlatformUnknownException', 'No such platform version.'],
    ['UnsupportedFeatureException', 'Not in this region.'],
  ],
} as const;
/** Partial failures of RunTask, by their reason. */
const PARTS = {
  no_capacity: [
    'RESOURCE:CPU',
    'RESOURCE:GPU',
    'RESOURCE:ENI',
    'AGENT',
    'Capacity is unavailable at this time.',
  ],
  limit: ["You've reached the limit on the number of tasks you can run concurrently"],
  misconfigured: ['ATTRIBUTE', 'LOCATION'],
} as const;
/** Errors that say nothing of whether it was done. */
const UNAVAILABLE = [
  ['ThrottlingException', 'Rate exceeded', 400],
  ['ServerException', 'Service Unavailable. Please try again later.', 500],
  [
    'InvalidParameterException',
    'Error retrieving security group information: Request limit exceeded. (ErrorCode: RequestLimitExceeded)',
    400,
  ],
  ['ClientException', 'Rate exceeded', 400],
  ['ExpiredTokenException', 'The security token has expired', 400],
] as const;

describe('a launch that ECS refuses', () => {
  const cases = Object.entries(REFUSALS).flatMap(([kind, errors]) =>
    errors.map(([name, message]) => ({ kind, name, message })),
  );
  it.each(cases)('with $name "$message" is $kind', async ({ kind, name, message }) => {
    const { fleet, paper } = await start({ fault: only('RunTask', () => new AwsError(name, message)) });
    const { launched, failures } = await fleet.launch(3, 'relay', 'refused');
    expect(launched).toEqual([]);
    expect(failures).toEqual([{ kind, count: 3, detail: expect.stringContaining(message) as string }]);
    expect(paper.all()).toEqual([]);
  });

  it.each(UNAVAILABLE)('with %s "%s" may be repeated', async (name, message, status) => {
    const { fleet, paper } = await start({
      fault: first(1, 'RunTask', () => new AwsError(name, message, status)),
    });
    await expect(fleet.launch(3, 'relay', 'repeated')).rejects.toThrow(FleetUnavailable);
    const { launched, failures } = await fleet.launch(3, 'relay', 'repeated');
    expect([launched.length, failures, paper.all().length]).toEqual([3, [], 3]);
  });

  it('for its settings is misconfigured, as the double itself says', async () => {
    const { relay, render } = TEST_LAUNCHES;
    const wrong: [EcsLaunches['relay'], string][] = [
      [{ ...relay, task_definition: 'unknown' }, 'TaskDefinition not found.'],
      [{ ...relay, network: undefined }, 'Network Configuration must be provided'],
      [{ ...render, network: relay.network }, 'Network Configuration is not valid'],
      [{ ...relay, capacity_providers: render.capacity_providers }, "capacity provider 'gpu' was not found"],
      [{ ...relay, task_definition: undefined }, 'RELAY_TASK_DEFINITION is not set'],
    ];
    for (const [launch, detail] of wrong) {
      const { fleet } = await start({}, { launches: { ...TEST_LAUNCHES, relay: launch } });
      const { failures } = await fleet.launch(2, 'relay', 'wrong');
      expect(failures).toEqual([
        { kind: 'misconfigured', count: 2, detail: expect.stringContaining(detail) as string },
      ]);
    }
    const { fleet } = await start({}, { cluster: 'another' });
    expect((await fleet.launch(1, 'relay', 'no cluster')).failures).toMatchObject([
      { kind: 'misconfigured' },
    ]);
  });
});

describe('a launch that ECS carries out in part', () => {
  const cases = Object.entries(PARTS).flatMap(([kind, reasons]) =>
    reasons.map((reason) => ({ kind, reason })),
  );
  it.each(cases)('for $reason is $kind for the rest', async ({ kind, reason }) => {
    const { fleet, paper } = await start({ refused: () => ({ count: 2, reason, detail: 'so it is' }) });
    const { launched, failures } = await fleet.launch(5, 'render', 'in part');
    expect(launched).toHaveLength(3);
    expect(paper.all()).toHaveLength(3);
    expect(failures).toEqual([{ kind, count: 2, detail: `${reason}: so it is` }]);
  });

  it('is asked for in tens, and not beyond the first that was refused', async () => {
    const { fleet, paper, count } = await start({
      refused: ({ count: asked }) =>
        paper.all().length < 10 ? undefined : { count: asked, reason: 'AGENT' },
    });
    expect((await fleet.launch(10, 'relay', 'ten')).launched).toHaveLength(10);
    const { launched, failures } = await fleet.launch(25, 'relay', 'many');
    expect([launched.length, failures]).toEqual([0, [{ kind: 'no_capacity', count: 25, detail: 'AGENT' }]]);
    expect(count('RunTask')).toBe(2);
  });

  it('of 25 makes three requests', async () => {
    const { fleet, calls } = await start({});
    const { launched } = await fleet.launch(25, 'relay', 'many');
    expect(new Set(launched.map(({ task_arn }) => task_arn)).size).toBe(25);
    expect(calls.map(({ input }) => input['count'])).toEqual([10, 10, 5]);
    expect(new Set(calls.map(({ input }) => input['clientToken'])).size).toBe(3);
  });
});

describe('a launch', () => {
  const common = {
    cluster: CLUSTER,
    count: 1,
    clientToken: expect.stringMatching(/^[\x21-\x7e]{43}$/) as string,
    startedBy: 'anteroom',
    propagateTags: 'TASK_DEFINITION',
    enableECSManagedTags: true,
  };

  it('of a relay task asks for a network interface of its own, with a public address', async () => {
    const { fleet, calls } = await start({});
    await fleet.launch(1, 'relay', 'a relay');
    expect(calls.map(({ input }) => input)).toEqual([
      {
        ...common,
        taskDefinition: 'stream-task',
        capacityProviderStrategy: [
          { capacityProvider: 'FARGATE', weight: 1, base: 0 },
          { capacityProvider: 'FARGATE_SPOT', weight: 2, base: 0 },
        ],
        networkConfiguration: {
          awsvpcConfiguration: {
            subnets: ['subnet-00000000'],
            securityGroups: ['sg-00000000'],
            assignPublicIp: 'ENABLED',
          },
        },
      },
    ]);
  });

  it('of a render task goes to the GPU instances, with the network of the host', async () => {
    const { fleet, calls } = await start({});
    await fleet.launch(1, 'render', 'a render');
    expect(calls.map(({ input }) => input)).toEqual([
      {
        ...common,
        taskDefinition: 'stream-task-render',
        capacityProviderStrategy: [{ capacityProvider: 'gpu', weight: 1, base: 0 }],
      },
    ]);
  });
});

describe('a launch whose answer is lost', () => {
  const lostRunTask = (times: number) => {
    let left = times;
    return (call: AwsCall) => call.operation === 'RunTask' && left-- > 0;
  };

  it('is repeated by the client, and launches nothing more', async () => {
    const { fleet, paper, count } = await start({ lost: lostRunTask(1) }, { tries: 2 });
    expect((await fleet.launch(4, 'relay', 'lost')).launched).toHaveLength(4);
    expect([paper.all().length, count('RunTask')]).toEqual([4, 2]);
  });

  it('may be repeated later, and launches nothing more', async () => {
    const { fleet, paper } = await start({ lost: lostRunTask(1) });
    await expect(fleet.launch(4, 'relay', 'lost')).rejects.toThrow(FleetUnavailable);
    expect((await fleet.launch(4, 'relay', 'lost')).launched).toHaveLength(4);
    expect(paper.all()).toHaveLength(4);
  });

  it('is found again also under other settings', async () => {
    const { fleet, paper, calls } = await start({});
    await fleet.launch(4, 'relay', 'changed');
    const again = await fleet.launch(2, 'relay', 'changed');
    expect(again.launched.map(({ task_arn }) => task_arn).sort()).toEqual(paper.all().map(taskArn).sort());
    expect(again.launched.every(({ kind }) => kind === 'relay')).toBe(true);
    expect(calls.map(({ operation }) => operation)).toEqual(['RunTask', 'RunTask', 'DescribeTasks']);
  });
});

describe('any call of ECS', () => {
  type Called = Awaited<ReturnType<typeof start>>;
  const CALLS: Record<string, (called: Called) => Promise<unknown>> = {
    ListTasks: ({ fleet }) => fleet.list(),
    DescribeTasks: ({ fleet, paper }) => fleet.describe(taskArn(paper.all()[0]!)),
    DescribeTaskDefinition: ({ fleet }) => fleet.list(),
    RunTask: ({ fleet }) => fleet.launch(1, 'relay', 'any'),
    StopTask: ({ fleet, paper }) => fleet.stop(taskArn(paper.all()[0]!), 'any'),
  };
  const names = Object.keys(CALLS);

  it.each(names)('(%s) that is throttled once or fails once is tried again', async (operation) => {
    const again = async (error: () => AwsError): Promise<void> => {
      const called = await start({ fault: first(1, operation, error) }, { tries: 2 });
      called.paper.add();
      await CALLS[operation]!(called);
      expect(called.count(operation)).toBeGreaterThan(1);
    };
    await Promise.all([again(throttled), again(broken)]);
  });

  it.each(names)(
    '(%s) that goes on failing, or is not answered, says that the fleet is unavailable',
    async (operation) => {
      const concerned = (call: AwsCall) => call.operation === operation;
      const late = (call: AwsCall) => (concerned(call) ? 10 * SHORT_LIMIT_MS : 0);
      const unanswered = async (injected: Injected, limit_ms?: number, away = false): Promise<void> => {
        const called = await start(injected, limit_ms === undefined ? {} : { limit_ms });
        called.paper.add();
        if (away) await called.stopAws();
        await expect(CALLS[operation]!(called)).rejects.toThrow(FleetUnavailable);
      };
      await Promise.all([
        unanswered({ fault: only(operation, throttled) }),
        unanswered({ fault: only(operation, broken) }),
        unanswered({ lost: concerned }),
        unanswered({ delay: late }, SHORT_LIMIT_MS),
        unanswered({}, undefined, true),
      ]);
    },
  );

  it('but that for the newest task definition is not needed to know the tasks', async () => {
    for (const error of ['ClientException', 'AccessDeniedException']) {
      const { fleet, paper } = await start({
        fault: only('DescribeTaskDefinition', () => new AwsError(error, 'no')),
      });
      const task = paper.add();
      const listed = await fleet.list();
      expect(listed).toMatchObject([{ task_arn: taskArn(task), state: 'running', kind: 'relay' }]);
      expect(listed[0]!.outdated).toBeUndefined();
    }
  });

  it('that is not allowed says so, but for a launch', async () => {
    const denied = () => new AwsError('AccessDeniedException', 'not authorized');
    for (const operation of ['ListTasks', 'DescribeTasks', 'StopTask']) {
      const called = await start({ fault: only(operation, denied) });
      called.paper.add();
      await expect(CALLS[operation]!(called)).rejects.toThrow('not authorized');
    }
  });
});

test('docs/reliability.md names each error', () => {
  const text = readFileSync(new URL('../../../docs/reliability.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const row = (outcome: string) => rows.filter((line) => line.includes(`**${outcome}**`)).join('\n');
  for (const [kind, errors] of Object.entries(REFUSALS)) {
    for (const [name] of errors) expect(row(kind)).toContain(`\`${name}\``);
  }
  for (const [kind, reasons] of Object.entries(PARTS)) {
    for (const reason of reasons.filter((word) => /^[A-Z]+(:|$)/.test(word))) {
      expect(row(kind)).toContain(reason.split(':')[0]);
    }
  }
  for (const [name] of UNAVAILABLE) expect(row('unavailable')).toContain(`\`${name}\``);
});
