/** A small router on a real HTTP server: it gives grants for whatever relay a test names, or the answer that it is told. */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Grant, JoinRoomRequest } from '../../shared/protocol/api.ts';
import { problem, PROBLEM_TYPE } from '../../shared/protocol/problem.ts';
import type { ProblemCode } from '../../shared/protocol/problem.ts';
import { Inbox } from './inbox.ts';

export interface RouterRequest {
  path: string;
  headers: IncomingMessage['headers'];
  body: Readonly<Record<string, unknown>>;
}

/** An answer in place of the router's own. `hang`: none at all. `lost`: the router's own, which breaks off on its way. */
export type Answer =
  | { status: number; headers?: Record<string, string>; body: string }
  | { hang: true }
  | { reset: true }
  | { lost: true };

/** The router's answer for `code`, as problem details. */
export function problemAnswer(code: ProblemCode, headers: Record<string, string> = {}): Answer {
  const body = problem(code, `detail of ${code}`, 'request-1');
  return {
    status: body.status,
    headers: { 'content-type': PROBLEM_TYPE, ...headers },
    body: JSON.stringify(body),
  };
}

export class RouterDouble {
  readonly url: string;
  /** Each request, as it comes. */
  readonly requests = new Inbox<RouterRequest>();
  /** Where grants point to. */
  relay_url: string;
  /** Set while no task has a place: what grants say then, in place of where the room is. */
  pending: { control_url?: string; expires_at: number } | undefined;
  /** Changes each grant before it is sent. */
  alter: (grant: Grant) => unknown = (grant) => grant;
  readonly #server: Server;
  readonly #answers: Answer[] = [];
  readonly #seats = new Map<string, Grant>();
  /** By idempotency key: what was asked for with it, and the seat that it gave. */
  readonly #keys = new Map<string, { asked: string; seat: Grant }>();

  private constructor(server: Server, relay_url: string) {
    this.#server = server;
    this.relay_url = relay_url;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.#handle(request, response);
    });
  }

  static async start(relay_url: string): Promise<RouterDouble> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RouterDouble(server, relay_url);
  }

  /** The next requests without an answer of their own get these, in this order. */
  answer(...answers: Answer[]): void {
    this.#answers.push(...answers);
  }

  /** How many seats were given. */
  get seats(): number {
    return this.#seats.size;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    const { headers } = request;
    const told = this.#answers.shift();
    const own = (): Answer => this.#answerTo(path, body, String(headers['idempotency-key']));
    if (told !== undefined && 'lost' in told) own();
    const answer = told ?? own();
    this.requests.put({ path, headers, body });
    if ('hang' in answer) return;
    if ('reset' in answer || 'lost' in answer) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body);
  }

  #answerTo(path: string, body: Readonly<Record<string, unknown>>, key: string): Answer {
    if (path !== '/create-room' && path !== '/join-room') return problemAnswer('not_found');
    const { room_id = '00157', client_id, ticket } = body as Partial<JoinRoomRequest>;
    if (client_id === undefined) {
      const asked = JSON.stringify([path, body]);
      const used = this.#keys.get(key) ?? { asked, seat: this.#newSeat(room_id) };
      if (key !== 'undefined') this.#keys.set(key, used);
      if (used.asked !== asked) return problemAnswer('idempotency_key_reused');
      return this.#grant(path === '/create-room' ? 201 : 200, used.seat);
    }
    const seat = this.#seats.get(client_id);
    if (seat?.ticket !== ticket) return problemAnswer('client_not_found');
    return this.#grant(200, { ...seat!, url: this.relay_url, epoch: seat!.epoch + 1 });
  }

  #newSeat(room_id: string): Grant {
    const seat: Grant = {
      room_id,
      client_id: randomUUID(),
      url: this.relay_url,
      ticket: randomBytes(32).toString('base64url'),
      expires_at: Date.now() + 30_000,
      max_clients: 10,
      state: 'open',
      epoch: 1,
    };
    this.#seats.set(seat.client_id, seat);
    return seat;
  }

  #grant(status: number, { url, ...grant }: Grant): Answer {
    const answer = (code: number, said: Grant) => ({ status: code, body: JSON.stringify(this.alter(said)) });
    if (this.pending === undefined) return answer(status, { ...grant, url });
    return answer(202, { ...grant, ...this.pending, state: 'pending' });
  }
}
