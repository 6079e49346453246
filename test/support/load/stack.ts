/** The local stack as a load sees it: its address, its tables, its processes, and what may be done to them. */
import { readFileSync } from 'node:fs';
import { stackSettings, TABLES } from '../../../dev/settings.ts';
import { routerConfig } from '../../../shared/config/settings.ts';
import { allItems, type StoredItem } from '../dynamodb-items.ts';
import { type BundledTask, bundleTask } from '../bundled-task.ts';
import { descendants, survivors } from '../processes.ts';
import { clientOf } from '../stack-tables.ts';
import { startStack } from '../stack.ts';
import type { Victims } from './faults.ts';

export interface LoadStack extends Victims {
  readonly url: string;
  /** With which SDK clients reach the AWS doubles and DynamoDB Local. */
  readonly aws: Readonly<Record<string, string>>;
  readonly connect_timeout_ms: number;
  readonly resume_grace_ms: number;
  readonly lease_ms: number;
  readonly max_rooms: number;
  /** Undefined where there is no /proc. */
  readonly database_pid: number | undefined;
  /** Processes that run now. */
  pids(): number[];
  /** Every item of Tasks, and of Rooms. */
  items(): Promise<[tasks: StoredItem[], rooms: StoredItem[]]>;
  /** One sweep of update-tasks; one that is under way is waited for. */
  sweep(): Promise<void>;
  /** Ends everything; resolves to the pids of processes that are left. */
  stop(): Promise<number[]>;
}

export interface LoadStackOptions {
  tasks: number;
  /** Settings of the stack, such as `{ LEASE: '5s' }`. */
  env: Readonly<Record<string, string>>;
  /** Whether connections can be disturbed. */
  proxies: boolean;
  print: (line: string) => void;
  /** Hears what is printed of a process, by its name (`task 1`, `router`). */
  onLine?: (name: string, line: string) => void;
  breach: (sentence: string) => void;
  /** Whether a fault of the database explains what a function says of it now. */
  databaseDisturbed: () => boolean;
}

/** What the stack prints while all is well, several times a second. */
const USUAL = /^\[router\] POST \/(create|join)-room 20\d |Debugger|For help, see/;
/** What is printed when a process of ours fails in a way that no fault from outside explains. */
const AMISS = /unhandled rejection|uncaught|heap out of memory| threw /i;
/** A scheduled function says so where the database is out of reach. */
const BUSY = / threw StoreBusy/;
/** Of a task; without a fault it may only end in order, when the fleet shrinks. */
const ENDED = /^\[(task \d+)\] ended (with exit code 0$)?/;
/** Whether everything else that the stack prints is printed, too: for whoever looks into a breach. */
const VERBOSE = process.env['LOAD_VERBOSE'] === '1';

function javaBelow(pid: number): number | undefined {
  return descendants(pid).find((one) => {
    try {
      return readFileSync(`/proc/${one}/comm`, 'utf8').trim() === 'java';
    } catch {
      return false;
    }
  });
}

/** The one that was built already, by whoever looks into it or for all tests of a run, or a new one. */
async function deployedTask(env: LoadStackOptions['env']): Promise<BundledTask> {
  const file = env['TASK_FILE'] ?? process.env['TASK_FILE'];
  return file === undefined ? bundleTask() : { file, remove: () => Promise.resolve() };
}

export async function startLoadStack(options: LoadStackOptions): Promise<LoadStack> {
  const { tasks, proxies, print, onLine, breach } = options;
  /** Tasks that were told to end, by their names in what is printed. */
  const doomed = new Set<string>();
  let stopping = false;
  const task = await deployedTask(options.env);
  const env = {
    // All clients of the load have one address: neither limit is what is looked at here.
    FAILED_JOINS: '0',
    MAX_SOCKETS_PER_ADDRESS: '5000',
    LOG_LEVEL: 'warn',
    ...options.env,
    TASK_FILE: task.file,
    STORE: 'dynamodb',
    PORT: '0',
    STREAM_TASKS: String(tasks),
  };

  function heard(line: string): void {
    const name = /^\[([^\]]+)\]/.exec(line)?.[1];
    if (name !== undefined) onLine?.(name, line);
    if (VERBOSE && !USUAL.test(line)) print(`      ${line}`);
    if (stopping) return;
    const [, ended, in_order] = ENDED.exec(line) ?? [];
    const by_itself = ended !== undefined && in_order === undefined && !doomed.has(ended);
    if (BUSY.test(line) && options.databaseDisturbed()) return;
    if (by_itself || AMISS.test(line)) breach(`it was printed: ${line}`);
  }

  const stack = await startStack({ env, faults: proxies, onLine: heard }).catch(async (error: unknown) => {
    await task.remove();
    throw error;
  });
  void stack.ended.then(({ code, signal }) => {
    if (!stopping) breach(`the stack ended by itself: ${code ?? signal}`);
  });
  const config = routerConfig({ ...stackSettings(env).router });
  const client = clientOf(stack.aws);

  return {
    url: stack.url,
    aws: stack.aws,
    connect_timeout_ms: config.CONNECT_TIMEOUT,
    resume_grace_ms: config.RESUME_GRACE,
    lease_ms: config.LEASE,
    max_rooms: config.MAX_ROOMS,
    database_pid: javaBelow(stack.pid),
    pids: () => descendants(stack.pid),
    tasks: () => stack.tasks(),
    items: async () => [await allItems(client, TABLES.tasks), await allItems(client, TABLES.rooms)],
    async addresses() {
      const items = await allItems(client, TABLES.tasks);
      return new Map(
        items
          .filter((item) => item['room_id'] === '#task' && item['state'] === 'READY')
          .map((item) => [String(item['task_id']), String(item['url'])]),
      );
    },
    async disturb(target, mode, value) {
      const task = stack.tasks().find(({ task_id }) => task_id === target);
      if (task !== undefined && (mode === 'kill' || mode === 'stop')) {
        doomed.add(task.name.replace('-', ' '));
      }
      await stack.fault(target, mode, value === undefined ? {} : { value });
    },
    async sweep() {
      const { kind } = await stack.sweep();
      if (kind !== 'swept') throw new Error(`the sweep came to nothing: ${kind}`);
    },
    async stop() {
      stopping = true;
      client.destroy();
      const pids = descendants(stack.pid);
      await stack.stop();
      await task.remove();
      return survivors(pids);
    },
  };
}
