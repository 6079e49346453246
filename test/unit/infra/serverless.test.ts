import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Setting } from '../../../shared/config/read.ts';
import { routerConfig, routerSettings } from '../../../shared/config/settings.ts';
import {
  PLACEMENT_DEADLINE_MS,
  SCALING_INTERVAL_MS,
  SCALING_LOCK_MS,
  SWEEP_LOCK_MS,
  TASK_CALL_TIMEOUT_MS,
} from '../../../shared/domain/liveness.ts';
import { ROUTES } from '../../../shared/openapi/routes.ts';
import { extensions, functions, logicalName, routes, service } from './description.ts';

const ROOT = new URL('../../../', import.meta.url);
/** Set by the local stack only. */
const LOCAL_ONLY = ['ALLOW_PRIVATE_ADDRESSES'];
/** Parameters of infra/fleet.yml, not of the functions. */
const OF_TASKS = [
  'RELAY_IMAGE',
  'RENDER_IMAGE',
  'TASK_VPC',
  'TASK_CPU',
  'TASK_MEMORY',
  'TASK_ARCHITECTURE',
  'DRAIN_DEADLINE',
  'RENDER_INSTANCE_TYPE',
  'RENDER_WARM_INSTANCES',
  'RENDER_IDLE_STOP',
];
/** Read by Node.js, not by us. */
const OF_THE_RUNTIME = ['NODE_OPTIONS'];

const routerRoutes = ROUTES.filter((route) => route.server === 'router');

describe('routes', () => {
  test('are exactly those that the API document describes, each with the function of its name', () => {
    const described = routerRoutes.map(
      (route) => `${route.method.toUpperCase()} ${route.path} ${route.operation}`,
    );
    expect(routes.map(({ method, path, name }) => `${method} ${path} ${name}`).sort()).toEqual(
      described.sort(),
    );
  });

  test('ask for a signature of AWS where the caller is an operator, and nowhere else', () => {
    const signed = routes.filter((route) => route.authorizer?.type === 'aws_iam').map((route) => route.path);
    const operators = routerRoutes.filter((route) => route.caller === 'operator').map((route) => route.path);
    expect(signed.sort()).toEqual(operators.sort());
    expect(routes.filter((route) => route.authorizer !== undefined)).toHaveLength(signed.length);
  });

  test('that have a limit of their own exist, and the stage waits for them', () => {
    const stage = extensions['HttpApiStage'];
    const limited = Object.keys(stage?.Properties['RouteSettings'] as object);
    expect(limited.length).toBeGreaterThan(0);
    const existing = routes.map(({ method, path }) => `${method} ${path}`);
    expect(limited.filter((key) => !existing.includes(key))).toEqual([]);
    const awaited = limited.map((key) => `HttpApiRoutePost${logicalName(key.slice('POST /'.length))}`);
    expect(stage?.DependsOn).toEqual(awaited);
  });

  test('may be called by pages of the allowed origins, which can read Retry-After', () => {
    expect(extensions['HttpApi']?.Properties['CorsConfiguration']).toMatchObject({
      AllowOrigins: { 'Fn::Split': [',', '${param:ALLOWED_ORIGINS}'] },
      AllowMethods: ['GET', 'POST'],
      AllowHeaders: ['content-type', 'idempotency-key'],
      ExposeHeaders: ['retry-after'],
    });
  });
});

describe('functions', () => {
  test('are woken by the name that they have', () => {
    expect(service.provider.environment['SCALE_FUNCTION']).toBe(service.functions['scale-fleet']?.name);
  });

  test('are the files of functions/, each exporting its handler', () => {
    const files = readdirSync(new URL('functions/', ROOT)).filter((file) => file.endsWith('.ts'));
    expect(functions.map(([name]) => `${name}.ts`).sort()).toEqual(files.sort());
    for (const [name, { handler }] of functions) {
      expect(handler).toBe(`functions/${name}.handler`);
      expect(existsSync(new URL(`functions/${name}.ts`, ROOT))).toBe(true);
    }
  });

  test('outlive what they wait for', () => {
    expect(service.provider.timeout * 1_000).toBeGreaterThan(PLACEMENT_DEADLINE_MS + TASK_CALL_TIMEOUT_MS);
    expect(service.functions['update-tasks']?.timeout).toBe(SWEEP_LOCK_MS / 1_000);
    expect(service.functions['scale-fleet']?.timeout).toBe(SCALING_LOCK_MS / 1_000);
  });

  test.each(['update-tasks', 'scale-fleet'])(
    '%s runs each minute, and when ECS says that a task stopped',
    (name) => {
      expect(SCALING_INTERVAL_MS).toBe(60_000);
      const events = service.functions[name]?.events;
      expect(events?.[0]?.schedule).toEqual({ rate: ['rate(1 minute)'], enabled: true });
      expect(events?.[1]?.eventBridge).toMatchObject({
        pattern: {
          source: ['aws.ecs'],
          'detail-type': ['ECS Task State Change'],
          detail: { lastStatus: ['STOPPED'] },
        },
      });
    },
  );
});

/** The parameter behind a variable, also where it holds only if the stack makes no such thing itself. */
function parameterOf(value: unknown): string | undefined {
  const { 'Fn::If': choice } = value as { 'Fn::If'?: unknown[] };
  return /^\$\{param:([A-Z_]+)\}$/.exec(String(choice?.[2] ?? value))?.[1];
}

/** A variable as the router may find it, where CloudFormation fills in what only it knows. */
function filledIn(value: unknown): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Sub': text = 'placeholder' } = value as { 'Fn::Sub'?: string };
  return text.replace(/\$\{[^}]*\}/g, 'placeholder');
}

describe('settings', () => {
  const { environment } = service.provider;
  const defaults = service.params.default;

  test('are passed on completely, and no variable is one that nobody reads', () => {
    const expected = Object.keys(routerSettings).filter((name) => !LOCAL_ONLY.includes(name));
    expect(Object.keys(environment).sort()).toEqual([...expected, ...OF_THE_RUNTIME].sort());
  });

  test('that a team may change are parameters of the same name', () => {
    const parameters = Object.entries(environment).filter(([, value]) =>
      JSON.stringify(value).includes('${param:'),
    );
    for (const [name, value] of parameters) expect(parameterOf(value)).toBe(name);
    expect(Object.keys(defaults).sort()).toEqual([...parameters.map(([name]) => name), ...OF_TASKS].sort());
  });

  test('have the defaults of shared/config', () => {
    const settings = Object.entries<Setting<unknown>>(routerSettings).filter(
      ([name, setting]) => name in defaults && !setting.required,
    );
    const readAs = settings.map(([name, setting]) => [name, defaults[name] && setting.read(defaults[name])]);
    const unset = (fallback: unknown) => fallback === undefined || (fallback as unknown[]).length === 0;
    expect(readAs).toEqual(settings.map(([name, { fallback }]) => [name, unset(fallback) ? '' : fallback]));
  });

  test('are listed in docs/deploy.md with their defaults', () => {
    const document = readFileSync(new URL('docs/deploy.md', ROOT), 'utf8');
    const cells = [...document.matchAll(/^\| `([A-Z_]+)` +\| (.*?) +\| (.*?) +\|$/gm)].map((row) =>
      row.slice(1),
    );
    const settings = Object.entries(defaults).filter(([name]) => !OF_TASKS.includes(name));
    const expected = settings.map(([name, value]) => [
      name,
      value === '' ? '' : `\`${value.replace('${sls:stage}', '<stage>')}\``,
      routerSettings[name as keyof typeof routerSettings].about.replaceAll('<', '\\<'),
    ]);
    expect(cells).toEqual(expected);
  });

  test('are accepted by the router as they stand', () => {
    const filled = Object.entries(environment).map(([name, value]) => [
      name,
      defaults[name] ?? filledIn(value),
    ]);
    expect(routerConfig(Object.fromEntries(filled) as Record<string, string>).MAX_ROOMS).toBe(1_000);
  });
});
