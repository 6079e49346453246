import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpTaskClient, taskUrl } from '../../../shared/adapters/http-task-client.ts';
import { systemClock } from '../../../shared/adapters/system.ts';
import { verifyAuthorization } from '../../../shared/domain/token.ts';
import { problem } from '../../../shared/protocol/problem.ts';

const secret = { current: 's'.repeat(64) };
const request = { room_id: '12345', created_at: 1, epoch: 1, max_clients: 2, clients: [] };
const draining = { rooms: 3, deadline_ms: 100_000 };
const snapshot = { task_id: 't', taken_at: 2, started_at: 1, rooms: [] };

const servers: (Server | TcpServer)[] = [];
async function listen(server: Server | TcpServer): Promise<{ task_id: string; url: string }> {
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { task_id: 't', url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
const serve = (listener: RequestListener) => listen(createServer(listener));
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  }
});

const client = (timeout_ms?: number) => httpTaskClient({ get: async () => secret }, systemClock, timeout_ms);

describe('calls of the router to a task', () => {
  it('carry a token for that task and that very request', async () => {
    const seen: unknown[] = [];
    const task = await serve((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const path = new URL(incoming.url!, 'http://task').pathname;
        void verifyAuthorization(
          incoming.headers.authorization,
          { issuer: 'router', audience: 't' },
          { method: incoming.method!, path, body },
          secret,
          Date.now(),
        ).then((verdict) => {
          seen.push([incoming.method, incoming.url, verdict.kind]);
          response.setHeader('content-type', 'application/json');
          const answers: Record<string, unknown> = {
            '/register': { room_id: '12345', epoch: 1, clients: 0 },
            '/rooms': snapshot,
            '/drain': draining,
          };
          response.end(JSON.stringify(answers[path]));
        });
      });
    });
    expect(await client().register(task, request)).toEqual({ kind: 'registered' });
    expect(await client().rooms(task, '12345')).toEqual({ kind: 'rooms', snapshot });
    expect(await client().drain(task)).toEqual({ kind: 'draining', ...draining });
    expect(seen).toEqual([
      ['POST', '/register', 'valid'],
      ['GET', '/rooms?room_id=12345', 'valid'],
      ['POST', '/drain', 'valid'],
    ]);
  });

  it.each([
    ['stale_epoch', { kind: 'refused', code: 'stale_epoch' }],
    ['task_draining', { kind: 'refused', code: 'task_draining' }],
    ['no_task_available', { kind: 'refused', code: 'no_task_available' }],
    ['unauthorized', { kind: 'refused', code: 'unauthorized' }],
    ['wrong_task', { kind: 'unreachable' }],
    ['internal', { kind: 'failed', status: 500 }],
  ] as const)('that are answered %s', async (code, result) => {
    const body = problem(code, 'why', 'id');
    const task = await serve((_incoming, response) => {
      response
        .writeHead(body.status, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify(body));
    });
    expect(await client().register(task, request)).toEqual(result);
  });

  it('that are answered by something else than the protocol', async () => {
    const task = await serve((_incoming, response) => {
      response.end('<html>');
    });
    expect(await client().register(task, request)).toEqual({ kind: 'failed', status: 200 });
    expect(await client().rooms(task)).toEqual({ kind: 'failed', status: 200 });
  });

  it('that nobody takes: connection refused', async () => {
    const task = await serve(() => {});
    await new Promise((resolve) => {
      servers.pop()!.close(resolve);
    });
    expect(await client().register(task, request)).toEqual({ kind: 'unreachable' });
  });

  it('that are reset, each time', async () => {
    let connections = 0;
    const task = await listen(
      createTcpServer((socket) => {
        connections++;
        socket.on('error', () => {});
        socket.on('data', () => socket.resetAndDestroy());
      }),
    );
    expect(await client().register(task, request)).toEqual({ kind: 'unreachable' });
    expect(connections).toBe(2);
  });

  it('that are reset once, as when the task closes an idle connection just as it is used', async () => {
    let calls = 0;
    const task = await serve((incoming, response) => {
      if (++calls === 1) incoming.socket.resetAndDestroy();
      else response.end(JSON.stringify({ room_id: '12345', epoch: 1, clients: 0 }));
    });
    expect(await client().register(task, request)).toEqual({ kind: 'registered' });
  });

  it('that get no answer in time', async () => {
    const task = await serve(() => {});
    expect(await client(200).register(task, request)).toEqual({ kind: 'silent' });
  });

  it('are not blamed for a secret that cannot be had, or not in time', async () => {
    const task = await serve((_incoming, response) => {
      response.end(JSON.stringify({ room_id: '12345', epoch: 1, clients: 0 }));
    });
    const lost = Object.assign(new Error('no secret'), {
      cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }),
    });
    const without = httpTaskClient({ get: () => Promise.reject(lost) }, systemClock);
    await expect(without.register(task, request)).rejects.toThrow('no secret');
    const slow = httpTaskClient(
      { get: () => new Promise((resolve) => setTimeout(resolve, 300, secret)) },
      systemClock,
      200,
    );
    expect(await slow.register(task, request)).toEqual({ kind: 'registered' });
  });

  it('ask for a newer secret when the task does not know the one they are signed with', async () => {
    const older = { current: 'o'.repeat(64) };
    const asked: unknown[] = [];
    const task = await serve((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        void verifyAuthorization(
          incoming.headers.authorization,
          { issuer: 'router', audience: 't' },
          { method: 'POST', path: '/register', body: Buffer.concat(chunks).toString() },
          secret,
          Date.now(),
        ).then((verdict) => {
          const body = problem('unauthorized', 'why', 'id');
          if (verdict.kind === 'valid')
            response.end(JSON.stringify({ room_id: '12345', epoch: 1, clients: 0 }));
          else response.writeHead(401).end(JSON.stringify(body));
        });
      });
    });
    const rotating = httpTaskClient(
      {
        get: async (options) => {
          asked.push(options?.fresh);
          return options?.fresh === true ? secret : older;
        },
      },
      systemClock,
    );
    expect(await rotating.register(task, request)).toEqual({ kind: 'registered' });
    expect(asked).toEqual([false, true]);
  });

  it('never follow a redirect', async () => {
    let followed = false;
    const elsewhere = await serve((_incoming, response) => {
      followed = true;
      response.end('{}');
    });
    const task = await serve((_incoming, response) => {
      response.writeHead(307, { location: taskUrl(elsewhere, '/register').href }).end();
    });
    expect((await client().register(task, request)).kind).not.toBe('registered');
    expect(followed).toBe(false);
  });
});

describe('the address of a task', () => {
  it('is called over http(s)', () => {
    expect(taskUrl({ task_id: 't', url: 'wss://t.tasks.example' }, '/rooms').href).toBe(
      'https://t.tasks.example/rooms',
    );
    expect(taskUrl({ task_id: 't', url: 'ws://127.0.0.1:5001' }, '/rooms').href).toBe(
      'http://127.0.0.1:5001/rooms',
    );
  });
});
