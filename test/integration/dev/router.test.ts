import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { busEvent } from '../../../dev/router/events.ts';
import { type FixtureRouter, startFixtureRouter } from '../../support/router-process.ts';

let fixture: FixtureRouter;
beforeAll(async () => {
  fixture = await startFixtureRouter();
});
afterAll(() => fixture.stop());

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${fixture.url}${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
const answer = (result: unknown) => post('/answer', JSON.stringify(result));

interface Echo {
  greeting: string;
  event: APIGatewayProxyEventV2;
  context: { functionName: string; awsRequestId: string; remaining_ms: number };
}

describe('the gateway', () => {
  it('calls the handler with an event and a context', async () => {
    const response = await post('/echo?x=1', '{"a":1}', { 'X-Mixed-Case': 'v' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    const { event, context } = (await response.json()) as Echo;
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /echo',
      rawPath: '/echo',
      rawQueryString: 'x=1',
      body: '{"a":1}',
      isBase64Encoded: false,
      headers: { 'x-mixed-case': 'v', host: `localhost:${fixture.port}` },
      requestContext: { http: { method: 'POST', sourceIp: '127.0.0.1', protocol: 'HTTP/1.1' } },
    });
    expect(context.functionName).toBe('echo');
    expect(context.awsRequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(context.remaining_ms).toBeGreaterThan(0);
    expect(context.remaining_ms).toBeLessThanOrEqual(1_000);
  });

  it('hands on status, headers and cookies', async () => {
    const response = await answer({
      statusCode: 201,
      headers: { 'Content-Type': 'application/problem+json', 'X-Other': '1' },
      cookies: ['a=1', 'b=2'],
      body: '{"made":true}',
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-other')).toBe('1');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.json()).toEqual({ made: true });
  });

  it('hides the cause of a fault from the caller and prints it', async () => {
    const response = await post('/answer', '"throw"');
    expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    await fixture.log.printed(/answer threw Error: secret cause/);
    // The stack names the line of the source, not of the bundle.
    await fixture.log.printed(/functions\/answer\.ts:5/);
  });

  it.each([
    ['POST', '/nowhere'],
    ['DELETE', '/echo'],
    ['GET', '/answer'],
    ['GET', '/nowhere.js'],
  ])('answers %s %s, which is no route, with 404', async (method, path) => {
    const response = await fetch(`${fixture.url}${path}`, { method });
    expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
  });

  it('takes a body of 10 MB and refuses a larger one', async () => {
    const most = 10 * 1024 * 1024;
    const taken = await post('/echo', 'x'.repeat(most), { 'content-type': 'text/plain' });
    expect(((await taken.json()) as Echo).event.body).toHaveLength(most);
    const refused = await post('/echo', 'x'.repeat(most + 1));
    expect([refused.status, await refused.json()]).toEqual([413, { message: 'Request Entity Too Large' }]);
  });

  it('gives up on a function after its time limit', async () => {
    const response = await fetch(`${fixture.url}/slow`);
    expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }]);
    await fixture.log.printed(/slow took longer than its 0\.2 s/);
  });

  it('goes on when a caller breaks off in the middle of a body', async () => {
    const from = fixture.log.count();
    const socket = connect(fixture.port, '127.0.0.1');
    socket.write('POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\npart', () => {
      socket.resetAndDestroy();
    });
    await fixture.log.printed(/the connection of a POST broke/, from);
    expect((await post('/echo', '{}')).status).toBe(200);
  });

  it('answers preflights, and names the origin in answers of every kind', async () => {
    const origin = 'https://one.example';
    const preflight = await fetch(`${fixture.url}/echo`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET,POST');
    for (const path of ['/echo', '/answer', '/nowhere']) {
      const response = await post(path, '"throw"', { origin });
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      expect(response.headers.get('access-control-expose-headers')).toBe('retry-after');
    }
    const stranger = await post('/echo', '{}', { origin: 'https://stranger.example' });
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('events', () => {
  it('reach the functions whose rule matches', async () => {
    const send = (lastStatus: string) =>
      fixture.router.send({
        kind: 'event',
        event: busEvent('local', {
          'detail-type': 'ECS Task State Change',
          source: 'aws.ecs',
          resources: [],
          detail: { lastStatus, clusterArn: 'arn:aws:ecs:x' },
        }),
      });
    send('RUNNING');
    send('STOPPED');
    const line = await fixture.log.printed(/sweep \{/);
    expect(line).toContain('"lastStatus":"STOPPED"');
  });
});

describe('the page', () => {
  it.each(['/', '/r/00157', '/?x=1'])('is at %s', async (path) => {
    const response = await fetch(`${fixture.url}${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('<title>Fixture</title>');
  });

  it('loads TypeScript', async () => {
    const response = await fetch(`${fixture.url}/page.ts`);
    expect(response.headers.get('content-type')).toContain('javascript');
    expect(await response.text()).not.toContain(': string');
  });

  it('hears of changes over a WebSocket on the same port', async () => {
    const client = await (await fetch(`${fixture.url}/@vite/client`)).text();
    const token = /wsToken = "([^"]+)"/.exec(client)?.[1];
    const socket = new WebSocket(`ws://localhost:${fixture.port}/?token=${token}`, 'vite-hmr');
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(data.toString())).toEqual({ type: 'connected' });
    socket.close();
    await once(socket, 'close');
  });

  it('outlives peers that reset a connection in the middle of an upgrade', async () => {
    for (let n = 0; n < 20; n++) {
      const socket = connect(fixture.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      setImmediate(() => socket.resetAndDestroy());
      await once(socket, 'close');
    }
    expect((await post('/echo', '{}')).status).toBe(200);
  });

  it('leaves no other upgrade hanging', async () => {
    const socket = connect(fixture.port, '127.0.0.1');
    socket.write(
      'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Protocol: anteroom.v1\r\n\r\n',
    );
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toMatch(/^HTTP\/1\.1 404 /);
    socket.destroy();
  });
});

describe('a change', () => {
  const greeting = async () => ((await (await post('/echo', '{}')).json()) as Echo).greeting;

  it('of a file that a handler imports reloads that handler', async () => {
    const from = fixture.log.count();
    fixture.edit('functions/greeting.ts', (text) => text.replace(/'.*'/, "'good day'"));
    expect(await fixture.log.printed(/reloaded/, from)).toContain('reloaded echo');
    expect(await greeting()).toBe('good day');
  });

  it('that does not build keeps the handlers of before and says what is wrong', async () => {
    const before = await greeting();
    let from = fixture.log.count();
    fixture.edit('functions/greeting.ts', (text) => `${text}\nconst = ;`);
    await fixture.log.printed(/not reloaded/, from);
    await fixture.log.printed(/greeting\.ts:3/, from);
    expect(await greeting()).toBe(before);
    from = fixture.log.count();
    fixture.edit('functions/greeting.ts', () => "export const greeting = 'welcome back';");
    await fixture.log.printed(/reloaded echo/, from);
    expect(await greeting()).toBe('welcome back');
  });

  it('that throws when it is loaded keeps the handlers of before', async () => {
    const before = await greeting();
    const from = fixture.log.count();
    fixture.edit('functions/greeting.ts', (text) => `${text}\nthrow new Error('at load');`);
    await fixture.log.printed(/at load/, from);
    expect(await greeting()).toBe(before);
  });

  it('of serverless.yml changes the routes; one that is not understood changes nothing', async () => {
    let from = fixture.log.count();
    fixture.edit('functions/greeting.ts', () => "export const greeting = 'again';");
    await fixture.log.printed(/reloaded echo/, from);
    from = fixture.log.count();
    fixture.edit('serverless.yml', (text) => text.replace('path: /echo\n', 'path: /echo-new\n'));
    await fixture.log.printed(/reloaded serverless\.yml/, from);
    expect((await post('/echo-new', '{}')).status).toBe(200);
    expect((await post('/echo', '{}')).status).toBe(404);
    from = fixture.log.count();
    fixture.edit('serverless.yml', (text) =>
      text.replace('functions/echo.handler', 'functions/nothing.handler'),
    );
    await fixture.log.printed(/serverless\.yml is not reloaded: .*nothing\.ts/, from);
    expect((await post('/echo-new', '{}')).status).toBe(200);
  });
});

describe('a router that cannot start', () => {
  it.each([
    ['a handler that does not build', 'functions/echo.ts', 'const = ;', 'echo.ts:1'],
    ['a handler that throws', 'functions/echo.ts', 'throw new Error("at load");', 'at load'],
    [
      'a handler without its export',
      'functions/echo.ts',
      'export const other = 1;',
      'exports no function handler',
    ],
    ['a malformed serverless.yml', 'serverless.yml', 'functions: [}', 'serverless.yml is not YAML'],
  ])('says why: %s', async (_, file, text, expected) => {
    const starting = startFixtureRouter((folder) => writeFileSync(join(folder, file), text));
    await expect(starting).rejects.toThrow(expected);
  });
});
