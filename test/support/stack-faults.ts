/** Faults of a local stack, through its control endpoint. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Order, TargetState } from '../../dev/faults/board.ts';
import type { SweepResult } from '../../shared/use-cases/update-tasks.ts';

/** What there is in every stack. A task is named by its id or its name (`task-1`); `/router` is its way to the router. */
export type FaultTarget = 'dynamodb' | 'ecs' | 'router' | (string & {});

/** Of connections, of DynamoDB, of ECS, of processes; "list" says which target has which. */
export type FaultMode =
  | 'pass'
  | 'slow'
  | 'cut'
  | 'refuse'
  | 'reset'
  | 'throttle'
  | 'fail'
  | 'half'
  | 'short'
  | 'full'
  | 'lost'
  | 'deploy'
  | 'kill'
  | 'stop'
  | 'start'
  | 'restart'
  | 'freeze'
  | 'thaw';

export interface Faults {
  /**
   * Disturbs `target`; resolves when that is in force. Rejects with the sentence that a user would read. `value`:
   * milliseconds for `slow`, a share for `throttle`; `for_ms`: until it ends by itself.
   */
  fault(target: FaultTarget, mode: FaultMode, more?: Pick<Order, 'value' | 'for_ms'>): Promise<string>;
  faults(): Promise<TargetState[]>;
  /** SIGSTOP and SIGCONT. */
  freeze(task: string): Promise<void>;
  thaw(task: string): Promise<void>;
  /** The task no longer reaches the router, while clients and router reach the task; and the end of that. */
  cutOff(task: string): Promise<void>;
  rejoin(task: string): Promise<void>;
  /** Kills the router and starts it again on its port; resolves when it listens. */
  restartRouter(): Promise<void>;
  stopRouter(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  startRouter(): Promise<void>;
  /** Runs update-tasks now and resolves to what it did. A sweep that is under way is waited for. */
  sweep(): Promise<SweepResult>;
}

const LOCKED_PAUSE_MS = 100;

/** `control`: base URL of the endpoint (see dev/faults/control.ts). */
export function stackFaults(control: string): Faults {
  async function ask(path: string, body?: unknown): Promise<unknown> {
    const request = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(new URL(path, control), request);
    const answer = (await response.json()) as { error?: string };
    if (!response.ok) throw new Error(answer.error);
    return answer;
  }
  const fault: Faults['fault'] = async (target, mode, more = {}) =>
    ((await ask('/faults', { target, mode, ...more })) as { said: string }).said;

  return {
    fault,
    faults: async () => (await ask('/faults')) as TargetState[],
    freeze: async (task) => void (await fault(task, 'freeze')),
    thaw: async (task) => void (await fault(task, 'thaw')),
    cutOff: async (task) => void (await fault(`${task}/router`, 'cut')),
    rejoin: async (task) => void (await fault(`${task}/router`, 'pass')),
    restartRouter: async () => void (await fault('router', 'restart')),
    stopRouter: async (signal = 'SIGKILL') =>
      void (await fault('router', signal === 'SIGKILL' ? 'kill' : 'stop')),
    startRouter: async () => void (await fault('router', 'start')),
    async sweep() {
      for (;;) {
        const result = (await ask('/sweep', {})) as SweepResult;
        // JSON leaves out what is undefined.
        if (result.kind === 'swept') return { ...result, held: result.held };
        if (result.kind !== 'locked') return result;
        await sleep(LOCKED_PAUSE_MS);
      }
    },
  };
}
