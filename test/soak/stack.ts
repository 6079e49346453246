/** The local stack as a soak sees it: its address, its tables, its processes, and what may be done to them. */
import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RunningTask } from '../../dev/fleet.ts';
import { stackSettings, TABLES } from '../../dev/settings.ts';
import { startStack } from '../../dev/stack.ts';
import { routerConfig } from '../../shared/config/settings.ts';
import { allItems, type StoredItem } from '../support/dynamodb-items.ts';
import { descendants } from '../support/processes.ts';
import { inspectorUrl } from './inspector.ts';
import type { Victims } from './kills.ts';
import type { SoakOptions } from './options.ts';
import type { Processes } from './processes.ts';

export interface SoakStack extends Victims {
  readonly url: string;
  /** With which SDK clients reach the AWS doubles and DynamoDB Local. */
  readonly aws: Readonly<Record<string, string>>;
  readonly connect_timeout_ms: number;
  readonly resume_grace_ms: number;
  readonly lease_ms: number;
  /** Undefined where there is no /proc. */
  readonly database_pid: number | undefined;
  /** Processes that run now. */
  pids(): number[];
  /** Every item of Tasks, and of Rooms. */
  items(): Promise<[tasks: StoredItem[], rooms: StoredItem[]]>;
  /** One sweep of update-tasks. */
  sweep(): Promise<'swept' | 'locked'>;
  stop(): Promise<void>;
}

/** What the stack prints while all is well, several times a second. */
const USUAL = /^\[router\] POST \/(create|join)-room 20\d |Debugger|For help, see/;
/** What is printed when a process of ours fails in a way that no fault from outside explains. */
const AMISS = /unhandled rejection|uncaught|heap out of memory|ended with exit code [1-9]| threw /i;
/** Whether everything else that the stack prints is printed, too: for whoever looks into a breach. */
const VERBOSE = process.env['SOAK_VERBOSE'] === '1';

function findDatabase(): number | undefined {
  return descendants(process.pid).find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'java';
    } catch {
      return false;
    }
  });
}

export async function startSoakStack(
  options: SoakOptions,
  {
    print,
    processes,
    breach,
  }: { print: (line: string) => void; processes: Processes; breach: (sentence: string) => void },
): Promise<SoakStack> {
  let running: readonly RunningTask[] = [];
  /** Tasks that were told to end. */
  const doomed = new Set<string>();
  let stopping = false;
  const env = {
    // All clients of the load have one address: neither limit is what is looked at here.
    FAILED_JOINS: '0',
    MAX_SOCKETS_PER_ADDRESS: '5000',
    LOG_LEVEL: 'warn',
    ...options.env,
    STORE: 'dynamodb',
    PORT: '0',
    STREAM_TASKS: String(options.tasks),
    // A process says itself how much memory it needs, after a collection: on a port of its own, on loopback.
    NODE_OPTIONS: '--inspect=127.0.0.1:0',
  };
  const stack = await startStack({
    env,
    restart: true,
    lazy_page: true,
    proxies: false,
    signal: new AbortController().signal,
    print(line) {
      const url = inspectorUrl(line);
      const name = /^\[([^\]]+)\]/.exec(line)?.[1];
      if (url !== undefined && name !== undefined) processes.announce(name, url);
      if (!stopping && AMISS.test(line)) breach(`it was printed: ${line}`);
      if (VERBOSE && !USUAL.test(line)) print(`      ${line}`);
    },
    tasksChanged(tasks) {
      const left = running.filter(({ task_id }) => !tasks.some((task) => task.task_id === task_id));
      for (const { name, task_id } of left) {
        if (!doomed.has(task_id) && !stopping) breach(`${name} ended by itself`);
      }
      running = tasks;
    },
  });
  void stack.lost.then((sentence) => {
    if (!stopping) breach(sentence);
  });
  const { CONNECT_TIMEOUT, RESUME_GRACE, LEASE } = routerConfig(stackSettings(env).router);
  const client = new DynamoDBClient({
    region: stack.aws['AWS_REGION']!,
    endpoint: stack.aws['AWS_ENDPOINT_URL_DYNAMODB']!,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

  /** The answer of the stack's control endpoint; throws its sentence if it is an error. */
  async function control(path: string, order: object = {}): Promise<Record<string, unknown>> {
    const response = await fetch(`${stack.control}${path}`, { method: 'POST', body: JSON.stringify(order) });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(String(answer['error']));
    return answer;
  }

  return {
    url: stack.url,
    aws: stack.aws,
    connect_timeout_ms: CONNECT_TIMEOUT,
    resume_grace_ms: RESUME_GRACE,
    lease_ms: LEASE,
    database_pid: findDatabase(),
    pids: () => descendants(process.pid),
    tasks: () => running,
    items: async () => [await allItems(client, TABLES.tasks), await allItems(client, TABLES.rooms)],
    async addresses() {
      const tasks = await allItems(client, TABLES.tasks);
      return new Map(
        tasks
          .filter((item) => item['room_id'] === '#task' && item['state'] === 'READY')
          .map((item) => [String(item['task_id']), String(item['url'])]),
      );
    },
    async disturb(target, mode) {
      if (mode === 'kill' || mode === 'stop') doomed.add(target);
      await control('/faults', { target, mode });
    },
    async sweep() {
      const { kind } = await control('/sweep');
      if (kind !== 'swept' && kind !== 'locked')
        throw new Error(`the sweep came to nothing: ${String(kind)}`);
      return kind;
    },
    async stop() {
      stopping = true;
      client.destroy();
      await stack.stop();
    },
  };
}
