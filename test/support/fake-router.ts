/** A router for tests of the stream task: it checks tokens, keeps what it is told, and answers what the test says. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ROUTER, verifyAuthorization } from '../../shared/domain/token.ts';
import type { RouterSecret } from '../../shared/ports/secrets.ts';
import {
  migrateRoomRequest,
  putTaskRequest,
  removeClientRequest,
  type MigrateRoomRequest,
  type MigrateRoomResponse,
  type PutTaskRequest,
  type PutTaskResponse,
  type RemoveClientRequest,
} from '../../shared/protocol/api.ts';
import { Inbox } from './inbox.ts';
import { SECRET } from './relay.ts';

export interface PutTaskCall {
  request: PutTaskRequest;
  remote: string | undefined;
  /** What was answered. */
  status: number;
}

type PutAnswer = number | Partial<PutTaskResponse>;

export interface FakeRouter extends AsyncDisposable {
  readonly url: string;
  /** The secret that it checks tokens with. */
  secret: RouterSecret;
  /** Each put-task call, once it is answered. */
  readonly puts: Inbox<PutTaskCall>;
  /** Each put-task call, as soon as it is here. */
  readonly asked: Inbox<PutTaskRequest>;
  readonly removals: Inbox<{ request: RemoveClientRequest; status: number }>;
  /**
   * Answers the next put-task calls; a status stands for an error, 0 for a connection that breaks. An answer that is
   * awaited comes that much later.
   */
  readonly put_answers: (PutAnswer | Promise<PutAnswer>)[];
  /** What each put-task call is answered once there are no more of those. */
  put_answer: PutAnswer;
  /** The same for remove-client, which otherwise answers `removed: true`. */
  readonly remove_answers: number[];
  readonly migrations: Inbox<{ request: MigrateRoomRequest; status: number }>;
  /** What each migrate-room call is answered; a status stands for an error, 0 for a connection that breaks. */
  migrate: (request: MigrateRoomRequest) => MigrateAnswer | Promise<MigrateAnswer>;
}

type MigrateAnswer = number | Pick<MigrateRoomResponse, 'url' | 'epoch'>;

export async function startFakeRouter(): Promise<FakeRouter> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const answer = async (): Promise<{ status: number; body: unknown }> => {
        const path = request.url ?? '';
        const verdict = await verifyAuthorization(
          request.headers.authorization,
          { audience: ROUTER },
          { method: request.method ?? '', path, body },
          router.secret,
          Date.now(),
        );
        if (verdict.kind === 'refused')
          return { status: 401, body: { code: 'unauthorized', detail: verdict.reason } };
        if (path === '/put-task') {
          const put = putTaskRequest.parse(JSON.parse(body));
          router.asked.put(put);
          const given = await (router.put_answers.shift() ?? router.put_answer);
          const status = typeof given === 'number' ? given : 200;
          router.puts.put({ request: put, remote: request.headers['remote'] as string | undefined, status });
          const usual = {
            task_id: put.task_id,
            state: put.state,
            lease_until: Date.now() + 30_000,
            not_owned: [],
          };
          return {
            status,
            body: typeof given === 'number' ? { code: 'store_busy' } : { ...usual, ...given },
          };
        }
        if (path === '/remove-client') {
          const status = router.remove_answers.shift() ?? 200;
          router.removals.put({ request: removeClientRequest.parse(JSON.parse(body)), status });
          return { status, body: status === 200 ? { removed: true } : { code: 'store_busy' } };
        }
        if (path === '/migrate-room') {
          const asked = migrateRoomRequest.parse(JSON.parse(body));
          const given = await router.migrate(asked);
          const status = typeof given === 'number' ? given : 200;
          router.migrations.put({ request: asked, status });
          return {
            status,
            body: typeof given === 'number' ? { code: 'told' } : { room_id: asked.room_id, ...given },
          };
        }
        return { status: 404, body: { code: 'not_found' } };
      };
      answer().then(
        ({ status, body }) => {
          if (status === 0) return request.socket.destroy();
          return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        },
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const router: FakeRouter = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secret: SECRET,
    puts: new Inbox(),
    asked: new Inbox(),
    removals: new Inbox(),
    put_answers: [],
    put_answer: {},
    remove_answers: [],
    migrations: new Inbox(),
    migrate: () => 503,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
  return router;
}
