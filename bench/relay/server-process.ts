/** A server of the benchmark as a process of its own, on its core. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadTimeOf } from '../thread-time.ts';
import { startBroker } from './brokers.ts';
import { hasEnded, lastWords, startChild, stopChild } from './child.ts';
import type { System } from './systems.ts';

/** What all servers of a run get. */
export interface Surroundings {
  /** Words before a command, which put it on the core of the server. */
  pin: readonly string[];
  /** The router's secret, for Anteroom alone. */
  secret: string;
  /** PEM files of a certificate, where TLS is measured. */
  tls: { key: string; cert: string } | undefined;
  /** A folder that the command removes in the end. */
  folder: string;
}

/** What a server says of itself when clients may connect. */
export interface Ready {
  port: number;
  version: string;
  /** Anteroom's alone. */
  task_id?: string;
}

const ANSWER_LIMIT_MS = 20_000;
const CONTROL = join(import.meta.dirname, 'servers/control.ts');
const NODE = [process.execPath, '--expose-gc', '--disable-warning=ExperimentalWarning', '--import', CONTROL];
/** Under so much of a core a server has nothing to do. */
const QUIET_SHARE = 0.03;

/** Memory that is less than so much of what it was a moment ago is still being given back. */
const STILL_FALLS = 0.998;

export class ServerProcess {
  readonly ready: Ready;
  readonly pid: number;
  readonly #child: ChildProcess;
  /** What a server for Node says, line by line. */
  readonly #lines: AsyncIterator<string> | undefined;

  constructor(child: ChildProcess, ready: Ready, lines?: AsyncIterator<string>) {
    this.#child = child;
    this.ready = ready;
    this.pid = child.pid!;
    this.#lines = lines;
  }

  get running(): boolean {
    return !hasEnded(this.#child);
  }

  /** Waits until the server has had nothing to do for 100 ms. False if it is still busy after `limit_ms`. */
  async quiet(limit_ms = 5_000): Promise<boolean> {
    const deadline = performance.now() + limit_ms;
    while (performance.now() < deadline) {
      const [began, before] = [performance.now(), threadTimeOf(this.pid)];
      await sleep(100);
      const busy_ms = Number(threadTimeOf(this.pid) - before) / 1e6;
      if (busy_ms / (performance.now() - began) < QUIET_SHARE) return true;
    }
    return false;
  }

  /** Says a word to a server for Node. Resolves to the line that it answers with. */
  async ask(word: string): Promise<string> {
    this.#child.stdin!.write(`${word}\n`);
    const { done, value } = await this.#lines!.next();
    if (done === true) throw new Error('the server has ended');
    return value;
  }

  /** Resident memory, bytes; where the server has garbage, after it was collected and given back. */
  async residentBytes(): Promise<number> {
    let [before, bytes] = [Infinity, this.#residentNow()];
    // What is collected goes back to the kernel a little later, and what was held by it is garbage only then.
    while (this.#lines !== undefined && bytes < before * STILL_FALLS) {
      await this.ask('gc');
      await sleep(300);
      [before, bytes] = [bytes, this.#residentNow()];
    }
    return bytes;
  }

  #residentNow(): number {
    const rollup = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'utf8');
    return Number(/^Rss:\s+(\d+) kB$/m.exec(rollup)![1]) * 1_024;
  }

  async stop(): Promise<void> {
    await stopChild(this.#child);
  }
}

/** Starts the server of `system`. Rejects, with what it wrote on stderr, if it ends or is not ready in time. */
export async function startServer(system: System, surroundings: Surroundings): Promise<ServerProcess> {
  const { source } = system;
  const { pin, secret, tls } = surroundings;
  const deadline = AbortSignal.timeout(ANSWER_LIMIT_MS);
  if (source.kind === 'broker') {
    const { child, ready } = await startBroker(source.program, surroundings, deadline);
    return new ServerProcess(child, ready);
  }
  const child = startChild([...pin, ...NODE, join(import.meta.dirname, source.file)], {
    env: {
      ...process.env,
      NODE_ENV: 'production',
      BENCH_SECRET: secret,
      ...(system.tls && tls !== undefined ? { BENCH_TLS_KEY: tls.key, BENCH_TLS_CERT: tls.cert } : {}),
      ...source.env,
    },
    stdio: 'pipe',
  });
  const said = lastWords(child);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const cut = setTimeout(() => child.kill('SIGKILL'), ANSWER_LIMIT_MS);
  try {
    const ready = await readyLine(lines);
    // Such as that the fast lane does not work here.
    if (said() !== '') process.stderr.write(`${system.name}: ${said()}\n`);
    return new ServerProcess(child, ready, lines);
  } catch (error) {
    await stopChild(child);
    throw new Error(`${system.name} does not start. ${said()}`, { cause: error });
  } finally {
    clearTimeout(cut);
  }
}

/** The first line that is JSON with a port: a library may have something to say before. */
async function readyLine(lines: AsyncIterator<string>): Promise<Ready> {
  for (;;) {
    const { done, value } = await lines.next();
    if (done === true) throw new Error('it has ended, or took too long');
    if (value.startsWith('{"port":')) return JSON.parse(value) as Ready;
  }
}
