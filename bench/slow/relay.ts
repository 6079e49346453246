/** A relay in a process of its own, and seats in it. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { benchRoom } from '../room.ts';
import type { FromRelay, ToRelay } from './relay-process.ts';

export interface Seat {
  port: number;
  /** The second subprotocol that opens it. */
  credentials: string;
}

const SEAT_MS = 3_600_000;
const STOP_LIMIT_MS = 5_000;

export class RelayProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  #room_id = 10_000;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<RelayProcess> {
    const child = fork(new URL('relay-process.ts', import.meta.url), { execArgv: ['--expose-gc'] });
    const [{ port }] = (await nextMessage(child)) as [{ port: number }];
    return new RelayProcess(child, port);
  }

  /** A new room with `count` seats. */
  async room(count: number): Promise<Seat[]> {
    const room_id = String(this.#room_id++);
    const { request, credentials } = benchRoom(room_id, count, SEAT_MS);
    await this.#ask({ kind: 'register', request });
    return credentials.map((one) => ({ port: this.port, credentials: one }));
  }

  /** What it takes of memory after a collection of garbage, and the connections that it has. */
  memory(): Promise<FromRelay> {
    return this.#ask({ kind: 'memory' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const cut = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(cut);
  }

  async #ask(question: ToRelay): Promise<FromRelay> {
    this.#child.send(question);
    const [answer] = (await nextMessage(this.#child)) as [FromRelay];
    return answer;
  }
}

function nextMessage(child: ChildProcess): Promise<unknown[]> {
  return Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the relay ended with ${String(code)}`))),
  ]);
}
