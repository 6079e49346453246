/** The local fleet: stream tasks as processes of this machine, described as ECS describes its tasks. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { type LocalTask, type LocalTasks, taskArn } from './aws/local-task.ts';
import { type Child, endChild, startChild } from './child.ts';
import type { Recording } from './recording.ts';

/** ECS describes a stopped task for about an hour. */
const REMEMBERED_MS = 3_600_000;
/** Wait before a task that died is replaced; doubled with each one that died young, ms. */
const REPLACE_FIRST_MS = 1_000;
const REPLACE_MOST_MS = 30_000;
const YOUNG_MS = 10_000;
/** A task may take this long to say goodbye to its clients and the router, ms. */
const STOP_LIMIT_MS = 4_000;

export interface FleetOptions {
  /** The process of a task. */
  script: URL;
  region: string;
  /** How many tasks are kept alive. */
  count: number;
  /** Whether a task that died is replaced. */
  restart: boolean;
  /** Environment of a task's process. Where it takes time, the task is PENDING meanwhile. */
  env: (task: LocalTask) => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>;
  print: (line: string) => void;
  /** Of the output of tasks: `task-<task id>`. */
  recording?: Recording | undefined;
  /** A task was started or has stopped. */
  changed: (task: LocalTask) => void;
  /** A task's process says over IPC on which port it listens. */
  listening?: (task: LocalTask, port: number) => void;
}

export interface RunningTask {
  /** Its name in what is printed, with a hyphen: `task-1`. */
  name: string;
  task_id: string;
  task_arn: string;
  pid: number;
}

export interface LocalFleet extends LocalTasks {
  /** Starts the first tasks. */
  start(): void;
  running(): RunningTask[];
  /** Ends every task and waits until all are gone. */
  end(): Promise<void>;
}

export function localFleet(options: FleetOptions): LocalFleet {
  const tasks: LocalTask[] = [];
  const children = new Map<string, Child>();
  const names = new Map<string, string>();
  let number = 0;
  let died_young = 0;
  let replacing: NodeJS.Timeout | undefined;
  let ended = false;
  const alive = (): number => tasks.filter(({ last_status }) => last_status !== 'STOPPED').length;

  function run(): LocalTask {
    const id = randomBytes(16).toString('hex');
    const task: LocalTask = {
      id,
      region: options.region,
      launch_type: 'FARGATE',
      last_status: 'PENDING',
      desired_status: 'RUNNING',
      created_at: Date.now(),
    };
    const name = `task ${++number}`;
    names.set(id, `task-${number}`);
    tasks.push(task);
    const env = options.env(task);
    if (!(env instanceof Promise)) launch(task, name, env);
    else {
      env.then(
        (known) => launch(task, name, known),
        (error: unknown) => {
          options.print(`[${name}] could not be started: ${String(error)}`);
          stopped(task, 1);
        },
      );
    }
    return task;
  }

  function launch(task: LocalTask, name: string, env: NodeJS.ProcessEnv): void {
    const { id } = task;
    // Stopped before it was started.
    if (ended || task.desired_status === 'STOPPED') return stopped(task, 143);
    const child = startChild(options.script, {
      env,
      prefix: `[${name}] `,
      print: options.print,
      // The prefix says which task it is.
      unsaid: ['task_id'],
      tape: options.recording?.output(`task-${id}`),
    });
    children.set(id, child);
    child.on('message', (message: { kind?: unknown; port?: unknown }) => {
      if (message.kind === 'listening') options.listening?.(task, Number(message.port));
    });
    child.once('spawn', () => {
      task.last_status = 'RUNNING';
      task.started_at = Date.now();
      options.changed(task);
    });
    child.once('close', (code, signal) => {
      children.delete(id);
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      if (!ended) options.print(`[${name}] ended ${how}`);
      stopped(task, code ?? 128 + constants.signals[signal!]);
    });
  }

  function stopped(task: LocalTask, exit_code: number): void {
    Object.assign(task, {
      last_status: 'STOPPED',
      desired_status: 'STOPPED',
      stopped_at: Date.now(),
      exit_code,
      stop_code: task.stop_code ?? 'EssentialContainerExited',
      stopped_reason: task.stopped_reason ?? 'Essential container in task exited',
    } satisfies Partial<LocalTask>);
    if (ended) return;
    options.changed(task);
    died_young = Date.now() - task.created_at < YOUNG_MS ? died_young + 1 : 0;
    replace();
  }

  /** Brings the fleet back to its size, as an ECS service would. */
  function replace(): void {
    if (!options.restart || ended || replacing !== undefined || alive() >= options.count) return;
    const wait = Math.min(REPLACE_FIRST_MS * 2 ** Math.max(0, died_young - 1), REPLACE_MOST_MS);
    replacing = setTimeout(() => {
      replacing = undefined;
      while (alive() < options.count) run();
    }, wait);
  }

  return {
    all() {
      const oldest = Date.now() - REMEMBERED_MS;
      return tasks.filter(({ stopped_at }) => stopped_at === undefined || stopped_at > oldest);
    },
    run,
    stop(id, reason) {
      const task = tasks.find((candidate) => candidate.id === id);
      const child = children.get(id);
      if (task === undefined || task.last_status === 'STOPPED') return;
      task.desired_status = 'STOPPED';
      task.stop_code = 'UserInitiated';
      task.stopped_reason = reason;
      if (child !== undefined) void endChild(child, STOP_LIMIT_MS);
    },
    start() {
      while (alive() < options.count) run();
    },
    running: () =>
      tasks.flatMap((task) => {
        const pid = children.get(task.id)?.pid;
        const name = names.get(task.id)!;
        return pid === undefined ? [] : [{ name, task_id: task.id, task_arn: taskArn(task), pid }];
      }),
    async end() {
      ended = true;
      clearTimeout(replacing);
      await Promise.all([...children.values()].map((child) => endChild(child, STOP_LIMIT_MS)));
    },
  };
}
