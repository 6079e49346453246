import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { taskConfig, taskSettings } from '../../../shared/config/settings.ts';
import { statementsOf, resources, service } from './description.ts';

interface Container {
  StopTimeout: number;
  PortMappings: { ContainerPort: number }[];
  HealthCheck: { Command: string[] };
  Environment: { Name: string; Value: unknown }[];
}

const text = readFileSync(new URL('../../../infra/fleet.yml', import.meta.url), 'utf8');
const made = Object.entries((parse(text) as { Resources: typeof resources }).Resources);
const defaults = service.params.default;
const PORT = taskSettings.PORT.fallback;

const container = (definition: string): Container =>
  (resources[definition]!.Properties['ContainerDefinitions'] as Container[])[0]!;
/** The environment of a task as the parameters' defaults make it. */
const environmentOf = (definition: string) =>
  Object.fromEntries(
    container(definition).Environment.map(({ Name, Value }) => {
      const param = typeof Value === 'string' ? /^\$\{param:([A-Z_]+)\}$/.exec(Value)?.[1] : undefined;
      const filled =
        typeof Value === 'string' ? (param === undefined ? Value : defaults[param]!) : 'https://filled.in';
      return [Name, filled];
    }),
  );

describe('the machines of stream tasks', () => {
  test('are made only where an image or a network is given', () => {
    for (const [id, resource] of made) {
      expect([id, (resource as { Condition?: string }).Condition]).toEqual([
        id,
        expect.stringMatching(/^(RunsTasks|RunsRelay|RunsRender|HasVpc)$/),
      ]);
    }
    for (const name of ['RELAY_IMAGE', 'RENDER_IMAGE', 'TASK_VPC']) expect(defaults[name]).toBe('');
  });

  test('have parameters that docs/deploy.md explains', () => {
    const document = readFileSync(new URL('../../../docs/deploy.md', import.meta.url), 'utf8');
    for (const [, name = ''] of text.matchAll(/\$\{param:([A-Z_]+)\}/g)) {
      expect(Object.keys(defaults)).toContain(name);
      expect(document).toContain(`\`${name}\``);
    }
  });

  test.each(['RelayTaskDefinition', 'RenderTaskDefinition'])(
    '%s gives its tasks settings that they take',
    (id) => {
      const environment = environmentOf(id);
      const known = Object.keys(taskSettings);
      expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
      expect(taskConfig(environment)).toMatchObject({
        KIND: id === 'RelayTaskDefinition' ? 'relay' : 'render',
        PORT,
      });
    },
  );

  test.each(['RelayTaskDefinition', 'RenderTaskDefinition'])('%s leaves tasks the time to drain', (id) => {
    const { StopTimeout } = container(id);
    const { DRAIN_DEADLINE } = taskConfig(environmentOf(id));
    expect(StopTimeout).toBe(120);
    expect(StopTimeout * 1_000).toBeGreaterThan(DRAIN_DEADLINE + 15_000);
  });

  test('listen where the security group lets clients in', () => {
    const ingress = resources['TaskSecurityGroup']!.Properties['SecurityGroupIngress'] as Record<
      string,
      unknown
    >[];
    for (const rule of ingress)
      expect(rule).toMatchObject({ IpProtocol: 'tcp', FromPort: PORT, ToPort: PORT });
    for (const id of ['RelayTaskDefinition', 'RenderTaskDefinition']) {
      expect(container(id).PortMappings).toMatchObject([{ ContainerPort: PORT }]);
      expect(container(id).HealthCheck.Command.join(' ')).toContain(`:${PORT}/health`);
    }
  });

  test('run under roles that scale-fleet may hand over, and that name what they may', () => {
    for (const id of ['TaskExecutionRole', 'TaskRole']) {
      expect(resources[id]!.Properties['Path']).toBe('/anteroom/${sls:stage}/');
      expect(resources[id]!.Properties).not.toHaveProperty('ManagedPolicyArns');
    }
    const anywhere = ['TaskExecutionRole', 'TaskRole'].flatMap((id) =>
      statementsOf(id)
        .filter(({ Resource }) => Resource === '*')
        .map(({ Sid }) => Sid),
    );
    expect(anywhere).toEqual(['RegistryLogin', 'Address']);
  });

  test('of GPU tasks wait stopped, and wake when a task is placed', () => {
    expect(resources['GpuWarmPool']!.Properties).toMatchObject({ PoolState: 'Stopped' });
    const data = resources['GpuLaunchTemplate']!.Properties['LaunchTemplateData'] as {
      UserData: { 'Fn::Base64': string };
    };
    expect(data.UserData['Fn::Base64']).toContain('ECS_WARM_POOLS_CHECK=true');
    expect(resources['GpuCapacity']!.Properties['AutoScalingGroupProvider']).toMatchObject({
      ManagedScaling: { Status: 'ENABLED' },
      ManagedTerminationProtection: 'ENABLED',
    });
    expect(resources['GpuInstances']!.Properties['NewInstancesProtectedFromScaleIn']).toBe(true);
    expect(resources['RenderTaskDefinition']!.Properties['NetworkMode']).toBe('host');
  });
});
