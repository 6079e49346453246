import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { rateMs, readManifest } from '../../../dev/router/manifest.ts';

const FIXTURE = fileURLToPath(new URL('../../support/fixtures/router/serverless.yml', import.meta.url));
const REAL = fileURLToPath(new URL('../../../serverless.yml', import.meta.url));

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The path of a serverless.yml with this text, beside a handler `a.ts`. */
function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'anteroom-manifest-'));
  folders.push(folder);
  writeFileSync(join(folder, 'a.ts'), 'export const handler = () => 1;');
  writeFileSync(join(folder, 'serverless.yml'), text);
  return join(folder, 'serverless.yml');
}

describe('what the local stack takes from serverless.yml', () => {
  const manifest = readManifest(FIXTURE, {});

  it('routes, with the method in capitals', () => {
    expect([...manifest.routes]).toEqual([
      ['POST /echo', 'echo'],
      ['GET /echo-query', 'echo'],
      ['POST /answer', 'answer'],
      ['GET /slow', 'slow'],
    ]);
  });

  it('functions: their file, export and time limit, the provider’s if they have none', () => {
    expect(
      manifest.functions.map(({ name, export: exported, timeout_ms }) => [name, exported, timeout_ms]),
    ).toEqual([
      ['echo', 'handler', 1_000],
      ['answer', 'handler', 1_000],
      ['slow', 'handler', 200],
      ['sweep', 'run', 30_000],
    ]);
    expect(manifest.functions[0]?.file).toBe(join(FIXTURE, '../functions/echo.ts'));
  });

  it('routes of the WebSocket API, and what of a message chooses among them', () => {
    expect([...readManifest(REAL, {}).sockets.routes.keys()]).toEqual([
      '$connect',
      '$disconnect',
      '$default',
    ]);
    expect(readManifest(REAL, {}).sockets.selection).toBe('type');
    const text = (provider: string) =>
      `provider: {${provider}}\nfunctions: { a: { handler: a.handler, events: [{ websocket: $connect }] } }`;
    const { sockets } = readManifest(file(text('')), {});
    expect([[...sockets.routes], sockets.selection]).toEqual([[['$connect', 'a']], 'action']);
    expect(() =>
      readManifest(file(text("websocketsApiRouteSelectionExpression: '${request.body.a}'")), {}),
    ).toThrow('must be $request.body.<field>');
  });

  it('schedules that are enabled, and says which it cannot run', () => {
    expect(manifest.schedules).toEqual([
      { function: 'sweep', every_ms: 60_000 },
      { function: 'sweep', every_ms: 7_200_000 },
    ]);
    expect(manifest.notes).toEqual([
      'the schedule cron(0 12 * * ? *) of sweep does not run here',
      'sweep gets no sqs events here',
    ]);
  });

  it('event rules, with functions of CloudFormation left as they are', () => {
    expect(manifest.rules).toEqual([
      {
        function: 'sweep',
        pattern: {
          source: ['aws.ecs'],
          'detail-type': ['ECS Task State Change'],
          detail: { lastStatus: ['STOPPED'], clusterArn: [{ 'Fn::Sub': 'arn:${AWS::Partition}:ecs:x' }] },
        },
      },
    ]);
  });

  it('CORS, its origins from the default parameter or the environment', () => {
    expect(manifest.cors?.AllowOrigins).toEqual(['https://one.example', 'https://two.example']);
    const other = readManifest(FIXTURE, { ALLOWED_ORIGINS: 'https://three.example' });
    expect(other.cors).toEqual({
      AllowOrigins: ['https://three.example'],
      AllowMethods: ['GET', 'POST'],
      AllowHeaders: ['content-type'],
      ExposeHeaders: ['retry-after'],
      MaxAge: 600,
    });
  });

  it.each([
    ['functions:\n  a:\n    handler: a', 'handler'],
    ['functions:\n  a:\n    handler: b.handler', 'the handler of a is not there'],
    ['functions: [}', 'serverless.yml'],
    [
      'functions:\n  a:\n    handler: a.handler\n    events: [{httpApi: {method: GET, path: "/{room_id}"}}]',
      'does not understand the route GET /{room_id}',
    ],
  ])('refuses what it does not understand: %j', (text, expected) => {
    expect(() => readManifest(file(`provider: {}\n${text}`), {})).toThrow(expected);
  });

  it('of Anteroom itself is understood whole', () => {
    const real = readManifest(REAL, {});
    expect(real.notes).toEqual([]);
    expect([...real.routes.keys()]).toContain('POST /create-room');
    expect(real.schedules).toContainEqual({ function: 'update-tasks', every_ms: 60_000 });
    expect(real.cors?.AllowOrigins).toEqual(['*']);
  });
});

it.each([
  ['rate(1 minute)', 60_000],
  ['rate(5 minutes)', 300_000],
  ['rate(1 hour)', 3_600_000],
  ['rate(2 days)', 172_800_000],
  ['cron(0 12 * * ? *)', undefined],
  ['rate(minute)', undefined],
])('%s is %s ms', (expression, expected) => {
  expect(rateMs(expression)).toBe(expected);
});
