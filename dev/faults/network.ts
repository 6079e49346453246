/** The proxies of a local stack: in front of its database, in front of each task, and from each task to the router. */
import type { LocalTask } from '../aws/local-task.ts';
import type { Recording } from '../recording.ts';
import { startProxy, type Proxy } from './proxy.ts';
import { startThrottle, type Throttle } from './throttle.ts';

export interface TaskProxies {
  /** What clients and the router connect to. */
  task: Proxy;
  /** What the task itself calls the router through. */
  router: Proxy;
}

export interface Network {
  readonly dynamodb: { proxy: Proxy; throttle: Throttle } | undefined;
  /** Stands in front of the DynamoDB at `endpoint`, and returns the endpoint that is to be used in its place. */
  addDynamoDb(endpoint: string): Promise<string>;
  /** The proxies of a task that is about to be started, as settings of its process. */
  addTask(task: LocalTask): Promise<{ PUBLIC_URL: string; ROUTER_URL: string }>;
  /** The task's process listens on `port`: until then whoever connects to it waits. */
  taskListens(task: LocalTask, port: number): void;
  /** The task is gone: nobody listens for it any more. */
  removeTask(task: LocalTask): Promise<void>;
  ofTask(task_id: string): TaskProxies | undefined;
  /** Everything passes again. */
  lift(): Promise<void>;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';

/** `router_port`: where the router listens. `recording`: of `dynamodb`, `task-<task id>` and `router-<task id>`, from that task. */
export function network(router_port: number, recording?: Recording): Network {
  const tasks = new Map<string, TaskProxies & { listens: (port: number) => void }>();
  let dynamodb: Network['dynamodb'];
  const tapesOf = (what: string) => (recording === undefined ? undefined : () => recording.connection(what));

  async function removeTask({ id }: Pick<LocalTask, 'id'>): Promise<void> {
    const proxies = tasks.get(id);
    tasks.delete(id);
    await Promise.all([proxies?.task.close(), proxies?.router.close()]);
  }

  return {
    get dynamodb() {
      return dynamodb;
    },
    async addDynamoDb(endpoint) {
      const throttle = await startThrottle(endpoint);
      const proxy = await startProxy(() => Promise.resolve(throttle.port), tapesOf('dynamodb'));
      dynamodb = { proxy, throttle };
      return `http://${HOST}:${proxy.port}`;
    },
    async addTask({ id }) {
      const listening = Promise.withResolvers<number>();
      const [task, router] = await Promise.all([
        startProxy(() => listening.promise, tapesOf(`task-${id}`)),
        startProxy(() => Promise.resolve(router_port), tapesOf(`router-${id}`)),
      ]);
      tasks.set(id, { task, router, listens: listening.resolve });
      return {
        PUBLIC_URL: `ws://${HOST}:${task.port}`,
        ROUTER_URL: `http://${HOST}:${router.port}`,
      };
    },
    taskListens: ({ id }, port) => tasks.get(id)?.listens(port),
    removeTask,
    ofTask: (task_id) => tasks.get(task_id),
    async lift() {
      if (dynamodb !== undefined) dynamodb.throttle.share = 0;
      const proxies = [...tasks.values()].flatMap(({ task, router }) => [task, router]);
      if (dynamodb !== undefined) proxies.push(dynamodb.proxy);
      await Promise.all(proxies.map((proxy) => proxy.set({ mode: 'pass' })));
    },
    async stop() {
      await Promise.all([...tasks.keys()].map((id) => removeTask({ id })));
      await dynamodb?.proxy.close();
      await dynamodb?.throttle.stop();
    },
  };
}
