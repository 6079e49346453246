import { describe, expect, test } from 'vitest';
import {
  actionsOf,
  functions,
  logicalName,
  resources,
  resourcesOf,
  service,
  shortName,
  statementsOf,
} from './description.ts';
import { accessOf, methodsOf, textsOf } from './store-access.ts';

const READS_SECRET = [
  'create-room',
  'join-room',
  'put-task',
  'remove-client',
  'migrate-room',
  'control-channel',
  'update-tasks',
  'scale-fleet',
];
const ASKS_FLEET: Record<string, string[]> = {
  'create-room': ['ecs:DescribeTasks'],
  'join-room': ['ecs:DescribeTasks'],
  'put-task': ['ecs:DescribeTasks'],
  'migrate-room': ['ecs:DescribeTasks'],
  'control-channel': ['ecs:DescribeTasks'],
  'update-tasks': ['ecs:DescribeTasks', 'ecs:ListTasks', 'ecs:DescribeTaskDefinition'],
  'scale-fleet': [
    'ecs:DescribeTasks',
    'ecs:ListTasks',
    'ecs:DescribeTaskDefinition',
    'ecs:RunTask',
    'ecs:StopTask',
    'ecs:TagResource',
  ],
};

/** Of the tasks and their machines (infra/fleet.yml), not of functions. */
const OF_MACHINES = ['TaskExecutionRole', 'TaskRole', 'InstanceRole'];

const roleResources = Object.entries(resources).filter(
  ([id, { Type }]) => Type === 'AWS::IAM::Role' && !OF_MACHINES.includes(id),
);
const everyStatement = roleResources.flatMap(([id]) =>
  statementsOf(id).map((statement) => ({ id, statement })),
);

/** Actions on each resource that the statements of `role` allow, as `service:` says. */
function access(role: string, prefix: string): Record<string, string[]> {
  const allowed: Record<string, string[]> = {};
  for (const statement of statementsOf(role)) {
    const actions = actionsOf(statement).filter((action) => action.startsWith(prefix));
    if (actions.length === 0) continue;
    for (const resource of resourcesOf(statement)) {
      (allowed[shortName(resource)] ??= []).push(...actions.map((action) => action.slice(prefix.length)));
    }
  }
  return allowed;
}

describe('roles', () => {
  test('belong to one function each, and none is left over', () => {
    const used = functions.map(([, { role }]) => role);
    expect(new Set(used).size).toBe(functions.length);
    expect(roleResources.map(([id]) => id).sort()).toEqual([...used].sort());
  });

  test.each(roleResources)(
    '%s can be taken on by Lambda alone, and has no managed policy',
    (_, { Properties }) => {
      expect(Properties['AssumeRolePolicyDocument']).toMatchObject({
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      });
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
    },
  );

  test.each(roleResources)('%s allows by name: no wildcard action, no Scan', (id) => {
    const statements = statementsOf(id);
    expect(statements.filter(({ Effect }) => Effect !== 'Allow')).toEqual([]);
    expect(statements.filter((statement) => 'NotAction' in statement || 'NotResource' in statement)).toEqual(
      [],
    );
    const actions = statements.flatMap(actionsOf);
    expect(actions.filter((action) => !/^[a-z-]+:[A-Za-z]+$/.test(action))).toEqual([]);
    expect(actions).not.toContain('dynamodb:Scan');
  });

  test('name every resource, but for two actions of ECS that know none', () => {
    const anywhere = everyStatement.filter(({ statement }) => resourcesOf(statement).includes('*'));
    expect(anywhere.map(({ id, statement }) => [id, actionsOf(statement)])).toEqual([
      ['UpdateTasksRole', ['ecs:ListTasks']],
      ['UpdateTasksRole', ['ecs:DescribeTaskDefinition']],
      ['ScaleFleetRole', ['ecs:ListTasks']],
      ['ScaleFleetRole', ['ecs:DescribeTaskDefinition']],
    ]);
  });

  test('list and launch tasks of one cluster only', () => {
    const bound = everyStatement.filter(({ statement }) =>
      actionsOf(statement).some((action) => ['ecs:ListTasks', 'ecs:RunTask'].includes(action)),
    );
    expect(bound.map(({ id }) => id)).toEqual(['UpdateTasksRole', 'ScaleFleetRole', 'ScaleFleetRole']);
    const cluster = 'arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${param:ECS_CLUSTER}';
    for (const { statement } of bound) {
      expect(statement.Condition).toEqual({ ArnEquals: { 'ecs:cluster': { 'Fn::Sub': cluster } } });
    }
  });

  test('hand over roles to tasks alone, and only those that are made for them', () => {
    const handing = everyStatement.filter(({ statement }) => actionsOf(statement).includes('iam:PassRole'));
    expect(handing.map(({ id }) => id)).toEqual(['ScaleFleetRole']);
    expect(handing[0]?.statement).toMatchObject({
      Resource: { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/anteroom/${sls:stage}/*' },
      Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    });
  });

  test.each(functions)('of %s wakes the scaling only if it does', (name, { role }) => {
    const wakes = textsOf(name).some((text) => /\bwaker\.wake\(/.test(text));
    const scaling = `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${service.functions['scale-fleet']?.name}`;
    expect(access(role, 'lambda:')).toEqual(wakes ? { [scaling]: ['InvokeFunction'] } : {});
  });

  test.each(functions)(
    'of %s speaks to connections of the control channel only as it does',
    (name, { role }) => {
      const texts = textsOf(name).join('\n');
      const methods = [/\bpush\?\.send\(/, /\bpush\?\.drop\(/].map((call) => call.test(texts));
      const allowed = ['POST', 'DELETE'].filter((_, index) => methods[index]);
      const api = 'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebsocketsApi}';
      expect(access(role, 'execute-api:')).toEqual(
        Object.fromEntries(
          allowed.map((method) => [`${api}/\${sls:stage}/${method}/@connections/*`, ['ManageConnections']]),
        ),
      );
    },
  );

  test.each(functions)('of %s writes to its own log group', (name, { role }) => {
    expect(access(role, 'logs:')).toEqual({
      [`${logicalName(name)}LogGroup`]: ['CreateLogStream', 'PutLogEvents'],
    });
  });

  test.each(functions)('of %s allows what its store methods need, and nothing else', (name, { role }) => {
    const allowed = access(role, 'dynamodb:');
    for (const actions of Object.values(allowed)) actions.sort();
    expect(allowed).toEqual(accessOf(methodsOf(name)));
  });

  test.each(functions)('of %s reads the secret only if it signs or checks with it', (name, { role }) => {
    const secret = READS_SECRET.includes(name) ? { RouterSecret: ['GetSecretValue'] } : {};
    expect(access(role, 'secretsmanager:')).toEqual(secret);
  });

  test.each(functions)('of %s asks ECS only if it judges tasks', (name, { role }) => {
    const asked = statementsOf(role)
      .flatMap(actionsOf)
      .filter((action) => action.startsWith('ecs:'));
    expect(asked).toEqual(ASKS_FLEET[name] ?? []);
  });
});
