/** The local fleet: stream tasks as processes of this machine, described as ECS describes its tasks. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import type { TaskKind } from '../shared/domain/task.ts';
import { type LocalTask, type LocalTasks, taskArn } from './aws/local-task.ts';
import { type Child, endChild, startChild } from './child.ts';
import type { Recording } from './recording.ts';

/** ECS describes a stopped task for about an hour. */
const REMEMBERED_MS = 3_600_000;
/** Between SIGTERM and SIGKILL, as in the task definitions of a deployment (`stopTimeout`), ms. */
const STOP_TIMEOUT_MS = 120_000;
/** When the stack ends, a task may take this long to say goodbye to its clients and the router, ms. */
const END_LIMIT_MS = 4_000;

export interface FleetOptions {
  /** The process of a task. */
  script: URL;
  region: string;
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
  /** Makes a new revision of the task definitions, as a deployment does: what runs is of an older one from now on. */
  revise(): number;
  running(): RunningTask[];
  /** Ends every task at once and waits until all are gone. Nothing is launched any more. */
  end(): Promise<void>;
}

export function localFleet(options: FleetOptions): LocalFleet {
  const tasks: LocalTask[] = [];
  const children = new Map<string, Child>();
  const names = new Map<string, string>();
  let number = 0;
  let revision = 1;
  let ended = false;

  function run(kind: TaskKind): LocalTask {
    const id = randomBytes(16).toString('hex');
    const task: LocalTask = {
      id,
      region: options.region,
      kind,
      revision,
      launch_type: kind === 'render' ? 'EC2' : 'FARGATE',
      last_status: 'PENDING',
      desired_status: 'RUNNING',
      version: 1,
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
      changed(task);
    });
    child.once('close', (code, signal) => {
      children.delete(id);
      const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
      if (!ended) options.print(`[${name}] ended ${how}`);
      stopped(task, code ?? 128 + constants.signals[signal!]);
    });
  }

  function changed(task: LocalTask): void {
    task.version++;
    options.changed(task);
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
    if (!ended) changed(task);
  }

  return {
    all() {
      const oldest = Date.now() - REMEMBERED_MS;
      return tasks.filter(({ stopped_at }) => stopped_at === undefined || stopped_at > oldest);
    },
    revision: () => revision,
    revise: () => ++revision,
    run,
    stop(id, reason) {
      const task = tasks.find((candidate) => candidate.id === id);
      const child = children.get(id);
      if (task === undefined || task.desired_status === 'STOPPED') return;
      task.desired_status = 'STOPPED';
      task.stop_code = 'UserInitiated';
      task.stopped_reason = reason;
      if (child !== undefined) void endChild(child, STOP_TIMEOUT_MS);
    },
    running: () =>
      tasks.flatMap((task) => {
        const pid = children.get(task.id)?.pid;
        const name = names.get(task.id)!;
        return pid === undefined ? [] : [{ name, task_id: task.id, task_arn: taskArn(task), pid }];
      }),
    async end() {
      ended = true;
      // Not SIGTERM: it would move its rooms first, with nowhere to move them to.
      await Promise.all([...children.values()].map((child) => endChild(child, END_LIMIT_MS, 'SIGINT')));
    },
  };
}
