/** nats-server and mosquitto, where the machine has them. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, lastWords, startChild } from './child.ts';
import type { Ready, Surroundings } from './server-process.ts';

export type Broker = 'nats-server' | 'mosquitto';

/** The path of a program, or undefined. Debian keeps those of servers where PATH does not look. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A port that was free a moment ago: these brokers do not tell which one they would pick. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const SETTINGS: Readonly<Record<Broker, (port: number) => string>> = {
  'nats-server': (port) => `host: "127.0.0.1"\nport: ${port}\nmax_connections: 65536\n`,
  // Messages that wait for a receiver are not thrown away beyond a thousand, as they are by default.
  mosquitto: (port) =>
    [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'set_tcp_nodelay true',
      'max_queued_messages 0',
      'persistence false',
      'log_type error',
      '',
    ].join('\n'),
};

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function versionIn(text: string): string {
  return /\d+\.\d+\.\d+/.exec(text)?.[0] ?? '';
}

async function versionOf(path: string, broker: Broker): Promise<string> {
  const child = spawn(path, [broker === 'mosquitto' ? '-h' : '--version'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(child, 'close');
  return versionIn(text);
}

/** Starts a broker on a free port of the loopback interface. Rejects if it ends, or is not there when `deadline` comes. */
export async function startBroker(
  broker: Broker,
  { pin, folder }: Surroundings,
  deadline: AbortSignal,
): Promise<{ child: ChildProcess; ready: Ready }> {
  const path = findProgram(broker);
  if (path === undefined) throw new Error(`${broker} is not on this machine`);
  const version = await versionOf(path, broker);
  const port = await freePort();
  const settings = join(folder, `${broker}-${port}.conf`);
  writeFileSync(settings, SETTINGS[broker](port));
  const child = startChild([...pin, path, '-c', settings], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = lastWords(child);
  while (!(await accepts(port))) {
    if (hasEnded(child)) throw new Error(`${broker} does not start. ${said()}`);
    if (deadline.aborted) {
      child.kill('SIGKILL');
      throw new Error(`${broker} takes too long to start. ${said()}`);
    }
    await sleep(50);
  }
  return { child, ready: { port, version } };
}
