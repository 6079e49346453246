/** The local stack, as `npm run dev` starts it, for tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunningTask } from '../../dev/fleet.ts';
import type { FromStack } from '../../dev/messages.ts';
import { type Faults, stackFaults } from './stack-faults.ts';
import { taskOf } from './task-of.ts';

const MAIN = fileURLToPath(new URL('../../dev/main.ts', import.meta.url));
const START_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 15_000;
/** The local stack reads TypeScript as it is: it needs the Node of the repository, whichever runs the tests. */
export const NODE = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));

export interface StackOptions {
  /** Settings, such as `{ MAX_ROOMS: '50', STORE: 'memory' }`. PORT is 0 if it is not given. */
  env?: Record<string, string>;
  /** Whether a task that dies is replaced. Default: yes. */
  restart?: boolean;
  /** Whether connections can be disturbed (`npm run dev -- --faults`): proxies stand in the way. Default: no. */
  faults?: boolean;
  /** A folder: what passes the proxies (see `faults`), and what the processes print, is written to files in it. */
  record?: string;
  /** Hears each line that is printed, and which tasks run whenever that changes. */
  onLine?: (line: string) => void;
  onTasks?: (tasks: RunningTask[]) => void;
}

export interface Stack extends Faults {
  /** Of the router, without a slash at the end. */
  url: string;
  /** Pid of the process that started all others. */
  pid: number;
  /** Base URL of the control endpoint for faults. */
  control: string;
  /** What SDK clients need in their environment to reach the AWS doubles and DynamoDB Local. */
  aws: Record<string, string>;
  /** The tasks that run now. */
  tasks(): RunningTask[];
  /** Resolves when `condition` holds of the tasks that run. */
  tasksMatch(condition: (tasks: RunningTask[]) => boolean): Promise<void>;
  /** Sends `signal` (default SIGKILL) to the process of a task; with SIGKILL, resolves when it is gone. */
  kill(task_id: string, signal?: NodeJS.Signals): Promise<void>;
  /** The task that serves a room, and that one killed. Reject when no task does. */
  taskOf(room_id: string): Promise<string>;
  killTaskOf(room_id: string): Promise<{ task_id: string }>;
  /** Everything that was printed so far. */
  output(): string;
  /** Resolves when a printed line matches `pattern`, also one of before. */
  printed(pattern: RegExp): Promise<void>;
  /** Resolves when the stack has ended, whyever. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends `signal` (default SIGTERM) to the stack and waits until it is gone. Idempotent. */
  stop(signal?: NodeJS.Signals): Stack['ended'];
}

/** Starts the stack. Rejects with what it has printed if it does not get ready. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { env = {}, restart = true, faults = false, record, onLine, onTasks } = options;
  // A test that needs the page waits for it; the others need not.
  const args = [
    '--lazy-page',
    ...(restart ? [] : ['--no-restart']),
    ...(faults ? ['--faults'] : []),
    ...(record === undefined ? [] : ['--record', record]),
  ];
  const child = spawn(NODE, [MAIN, ...args], {
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const lines: string[] = [];
  let tasks: RunningTask[] = [];
  /** Called whenever a line was printed or the tasks have changed. */
  const watchers = new Set<() => void>();
  const changed = (): void => watchers.forEach((watcher) => watcher());

  /** Resolves when `condition` holds; rejects when the stack ends before. */
  async function until(condition: () => boolean, what: string): Promise<void> {
    const met = Promise.withResolvers<void>();
    const watcher = (): void => {
      if (condition()) met.resolve();
    };
    watchers.add(watcher);
    watcher();
    const ended = exited.then(() => {
      throw new Error(`the stack ended before ${what}:\n${lines.join('\n')}`);
    });
    try {
      await Promise.race([met.promise, ended]);
    } finally {
      watchers.delete(watcher);
      ended.catch(() => undefined);
    }
  }

  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      onLine?.(line);
      changed();
    });
  }
  const ready = Promise.withResolvers<FromStack & { kind: 'ready' }>();
  child.on('message', (message: FromStack) => {
    if (message.kind === 'ready') ready.resolve(message);
    else {
      tasks = message.tasks;
      onTasks?.(tasks);
      changed();
    }
  });
  const notReady = exited.then(async ([code]) => {
    throw new Error(`the stack ended with code ${code} before it was ready:\n${lines.join('\n')}`);
  });
  notReady.catch(() => undefined);
  const limit = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
  const { url, aws, control } = await Promise.race([ready.promise, notReady]);
  clearTimeout(limit);

  async function kill(task_id: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const task = tasks.find((candidate) => candidate.task_id === task_id);
    if (task === undefined) throw new Error(`no task ${task_id} runs`);
    process.kill(task.pid, signal);
    if (signal !== 'SIGKILL') return;
    await until(() => tasks.every(({ pid }) => pid !== task.pid), `task ${task_id} was gone`);
  }

  const ended = exited.then(([code, signal]) => ({ code, signal }));
  return {
    ...stackFaults(control),
    control,
    url,
    ended,
    pid: child.pid!,
    aws,
    tasks: () => tasks,
    tasksMatch: (condition) => until(() => condition(tasks), 'its tasks were as expected'),
    kill,
    taskOf: (room_id) => taskOf(url, aws, room_id),
    async killTaskOf(room_id) {
      const task_id = await taskOf(url, aws, room_id);
      await kill(task_id);
      return { task_id };
    },
    output: () => lines.join('\n'),
    printed: (pattern) => until(() => lines.some((line) => pattern.test(line)), `it printed ${pattern}`),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
      await exited;
      clearTimeout(timer);
      return ended;
    },
  };
}
