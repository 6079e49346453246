/** The whole of Anteroom on this machine: store, AWS doubles, router with page, stream tasks. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { InvokeFunction } from './aws/lambda.ts';
import { type LocalTask, taskArn } from './aws/local-task.ts';
import { startAwsDoubles } from './aws/server.ts';
import { taskStateChange } from './aws/task-shape.ts';
import { ecsFaults, startFaults } from './faults/index.ts';
import { network } from './faults/network.ts';
import { localFleet, type RunningTask } from './fleet.ts';
import { type KeptRouter, keepRouter } from './kept-router.ts';
import { untilReady } from './ready.ts';
import { recordTo } from './recording.ts';
import { takePort } from './router-process.ts';
import { busEvent } from './router/events.ts';
import { makeRunFolder } from './run-folder.ts';
import { CONTROL_STAGE, REGION, SCALE_FUNCTION, SECRET_NAME, stackSettings } from './settings.ts';
import { chooseStore } from './store.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TASK_SCRIPT = new URL('../stream-task/main.ts', import.meta.url);

/** How long a stop waits for a database that is still starting, ms. */
const DATABASE_PATIENCE_MS = 2_000;

export interface StackOptions {
  /** The user's environment, with the settings. */
  env: NodeJS.ProcessEnv;
  /** Whether scale-fleet keeps the fleet at its size, and within its margins; else it stays as it was started. */
  restart: boolean;
  /** Whether the page is prepared only when somebody asks for it. */
  lazy_page: boolean;
  /** Whether proxies stand in front of the database and of each task. */
  proxies: boolean;
  /** Folder in which is kept what passes the proxies and what the processes print. Default: nothing is. */
  record?: string | undefined;
  print: (line: string) => void;
  /** Ends the start early. */
  signal: AbortSignal;
  /** The tasks that run have changed. */
  tasksChanged: (tasks: RunningTask[]) => void;
}

export interface Stack {
  url: string;
  /** What SDK clients need to reach the AWS doubles and DynamoDB Local. */
  aws: Record<string, string>;
  /** Base URL of the control endpoint for faults. */
  control: string;
  /** Resolves, with a sentence, if the router ends by itself. */
  lost: Promise<string>;
  /** Ends every process: tasks, router, AWS doubles, database, in this order. */
  stop(): Promise<void>;
}

/**
 * Starts everything; resolves when everything answers. Rejects with a sentence for people (`ConfigError` among others),
 * and then nothing is left running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { print, signal } = options;
  const closers: (() => unknown)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      for (const close of closers.toReversed()) await close();
    })();
    return stopping;
  };

  // What ends the start early: a part that ended by itself, or the caller.
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const fail = (sentence: string): void => failure.reject(new Error(sentence));
  signal.addEventListener('abort', () => fail('stopped while starting'), { once: true });
  const unlessFailed = <T>(step: Promise<T> | T): Promise<T> => {
    return Promise.race([failure.promise, step]);
  };

  async function start(): Promise<Stack> {
    const settings = stackSettings(options.env, options.restart);
    const { store, about } = chooseStore(settings.store, settings.dynamodb_local);
    const { socket, port } = await takePort(settings.port);
    closers.push(() => socket.close());
    const url = `http://localhost:${port}`;
    // Where nothing depends on how a browser or a resolver takes "localhost".
    const router_url = `http://127.0.0.1:${port}`;
    print(`store: ${about}`);
    const folder = makeRunFolder(ROOT);
    closers.push(() => folder.remove());

    // The database takes longest to start; the others load meanwhile.
    const storing =
      store === 'dynamodb'
        ? import('./database.ts').then(({ startDatabase }) => startDatabase(settings.dynamodb_local))
        : undefined;
    const stored = storing?.catch(() => undefined);
    // A database that is still starting cannot be told to stop, but it ends when this process does.
    const patience = () => sleep(DATABASE_PATIENCE_MS, undefined, { ref: false });
    closers.push(async () => (await Promise.race([stored, patience()]))?.stop());

    const recording = options.record === undefined ? undefined : recordTo(options.record);
    const proxied = options.proxies ? network(port, recording) : undefined;
    closers.push(() => proxied?.stop());
    const ecs = ecsFaults();

    let ready = false;
    const fleet = localFleet({
      script: settings.task_file === undefined ? TASK_SCRIPT : pathToFileURL(settings.task_file),
      region: REGION,
      env(task) {
        const env = {
          ...settings.task(router_url, task.kind),
          ...doubles.env,
          ECS_CONTAINER_METADATA_URI_V4: doubles.metadataUri(task),
        };
        return proxied === undefined ? env : proxied.addTask(task).then((own) => ({ ...env, ...own }));
      },
      print,
      recording,
      listening: (task, at) => proxied?.taskListens(task, at),
      changed(task) {
        if (task.last_status === 'STOPPED') void proxied?.removeTask(task);
        options.tasksChanged(fleet.running());
        router.send({ kind: 'event', event: stateChangeEvent(task) });
        if (!ready && task.last_status === 'STOPPED') fail('a stream task ended before it was registered');
      },
    });
    const secret = { name: SECRET_NAME, value: randomBytes(32).toString('base64url') };
    const invoke: InvokeFunction = (name, payload, how) => invokeOn(router, name, payload, how);
    const doubles = await startAwsDoubles({ region: REGION, fleet, secret, invoke, ...ecs });
    closers.push(() => doubles.stop());

    const router = keepRouter(
      { ...settings.router, ...doubles.env },
      port,
      print,
      recording?.output('router'),
    );
    closers.push(() => router.end());
    void router.lost.then(fail);
    const database = await unlessFailed(storing);
    const aws = { ...doubles.env, ...database?.env };
    // The router alone is disturbed, not who looks on.
    const direct = database?.env['AWS_ENDPOINT_URL_DYNAMODB'];
    const disturbed: Record<string, string> = {};
    if (proxied !== undefined && direct !== undefined) {
      disturbed['AWS_ENDPOINT_URL_DYNAMODB'] = await proxied.addDynamoDb(direct);
    }
    const cache = settings.port === 0 ? folder.path : join(ROOT, '.anteroom');
    const page = {
      root: join(ROOT, 'web'),
      cache: join(cache, `vite-${settings.port}`),
      lazy: options.lazy_page,
    };
    const routing = router.start(
      {
        kind: 'start',
        manifest: join(ROOT, 'serverless.yml'),
        run: folder.path,
        region: REGION,
        store,
        page,
        env: {
          ...aws,
          ...disturbed,
          CONTROL_URL: `${router_url.replace('http', 'ws')}/${CONTROL_STAGE}`,
          CONTROL_ENDPOINT: `${router_url}/${CONTROL_STAGE}`,
        },
      },
      socket,
    );
    await unlessFailed(routing);
    print('router: routes of serverless.yml, page of web/');
    closers.push(() => fleet.end());
    if (options.restart) await unlessFailed(bringUp(router));
    else for (let started = 0; started < settings.stream_tasks; started++) fleet.run('relay');
    await unlessFailed(untilReady(router_url, settings.stream_tasks, !options.lazy_page, signal));
    ready = true;
    print(`stream tasks: ${settings.stream_tasks} registered`);
    const faults = await startFaults({
      store,
      network: proxied,
      router,
      ecs,
      revise: () => fleet.revise(),
      tasks: () => fleet.running(),
      url,
      folder: folder.path,
      print,
    });
    closers.push(() => faults.lift());
    print(
      proxied === undefined
        ? 'faults: "npm run fault -- list" for processes and ECS; connections too after "npm run dev -- --faults"'
        : 'faults: "npm run fault -- list" shows what can be disturbed, and how',
    );
    return { url, aws, control: faults.control, lost: router.lost, stop };
  }

  try {
    return await start();
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Its schedule would begin in a minute, which is long for who waits for the stack. */
async function bringUp(router: KeptRouter): Promise<void> {
  const outcome = await router.call(SCALE_FUNCTION);
  if (!outcome.ok) throw new Error(`the fleet could not be brought up: ${outcome.message}`);
}

/** Lambda runs the functions of the router process. */
async function invokeOn(router: KeptRouter, name: string, event: unknown, how: 'event' | 'request') {
  if (router.state === 'stopped') return { kind: 'away', message: 'the router is stopped' } as const;
  const outcome = await router.call(name, { event, awaited: how === 'request' });
  if (outcome.ok) {
    return how === 'event'
      ? ({ kind: 'taken' } as const)
      : ({ kind: 'returned', value: outcome.value } as const);
  }
  return outcome.unknown === true
    ? ({ kind: 'unknown' } as const)
    : ({ kind: 'failed', message: outcome.message } as const);
}

/** What ECS would tell EventBridge of a task. */
function stateChangeEvent(task: LocalTask) {
  return busEvent(REGION, {
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    resources: [taskArn(task)],
    detail: taskStateChange(task),
  });
}
