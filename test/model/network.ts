/** The router's calls to tasks and to the fleet's API, as one request makes them. */
import { TASK_CALL_TIMEOUT_MS, TOKEN_LIFETIME_S } from '../../shared/domain/liveness.ts';
import { FleetUnavailable, type Fleet, type FleetTaskState } from '../../shared/ports/fleet.ts';
import type { TaskAddress, TaskCallFailure, TaskClient } from '../../shared/ports/task-client.ts';
import type { RelayProcess } from './relay-process.ts';
import type { Failures, Request } from './request.ts';

export interface FleetState {
  /** By ARN; a task that is not there is unknown. */
  tasks: Map<string, FleetTaskState>;
  fails: boolean;
}

/** `started`: the process that was at the address when the call got there. */
export function taskClientFor(request: Request, processes: readonly RelayProcess[]): TaskClient {
  const { scheduler } = request;

  async function call<T>(
    { task_id, url }: TaskAddress,
    handle: (process: RelayProcess) => T | TaskCallFailure,
  ): Promise<T | TaskCallFailure> {
    const { trouble, there, back } = request.next();
    if (trouble?.when === 'before' && trouble.what === 'die') request.kill();
    if (trouble !== undefined) {
      request.disturbed.add(task_id);
      for (const process of processes) if (process.task_id === task_id) process.disturbed_at = scheduler.now;
    }
    const answer = Promise.withResolvers<T | TaskCallFailure>();
    const silent = scheduler.after(TASK_CALL_TIMEOUT_MS, () => answer.resolve({ kind: 'silent' }));
    const lost = trouble?.when === 'before' ? trouble.what : undefined;
    const sent_at = scheduler.now;

    const arrive = () => {
      const process = processes.find((one) => one.up && one.url === url);
      if (process?.task_id !== task_id) return answer.resolve({ kind: 'unreachable' });
      if (process.cut) return;
      process.run(() => {
        // After a long freeze its token is no longer good.
        if (scheduler.now > sent_at + TOKEN_LIFETIME_S * 1_000) return;
        const result = handle(process);
        if (trouble?.when === 'after' && trouble.what === 'die') request.kill();
        if (trouble?.when === 'after' && trouble.what === 'fail') return;
        const broken = trouble?.when === 'after' && trouble.what === 'reset';
        const told = broken ? { kind: 'unreachable' as const } : result;
        if (request.quick) answer.resolve(told);
        else scheduler.after(back, () => answer.resolve(told));
      });
    };
    if (lost === 'reset') scheduler.after(there, () => answer.resolve({ kind: 'unreachable' }));
    else if (trouble?.what === 'late') scheduler.after(TASK_CALL_TIMEOUT_MS + trouble.ms, arrive);
    else if (lost !== 'fail' && lost !== 'die') {
      if (request.quick) arrive();
      else scheduler.after(there, arrive);
    }
    const told = await answer.promise;
    silent.cancel();
    await request.alive();
    return told;
  }

  return {
    register: (address, body) =>
      call(address, ({ registry }) => {
        const result = registry.register(body);
        return result.kind === 'registered' ? { kind: 'registered' } : { kind: 'refused', code: result.code };
      }),
    drain: (address) => call(address, (process) => ({ kind: 'draining', ...process.drain() })),
    rooms: (address, room_id) =>
      call(address, (process) =>
        process.registry.mode === 'stopped'
          ? { kind: 'refused', code: 'task_draining' }
          : {
              kind: 'rooms',
              snapshot: {
                task_id: process.task_id,
                taken_at: process.now(),
                started_at: process.started_at,
                rooms: process.registry.snapshot(room_id),
              },
            },
      ),
  };
}

const unavailable = () => new FleetUnavailable('injected');
const FLEET_FAILURES: Failures = { before: unavailable, after: unavailable };

export function fleetFor(request: Request, state: FleetState): Fleet {
  const ask = <T>(answer: () => T): Promise<T> =>
    request.call(async () => {
      if (state.fails) throw unavailable();
      return answer();
    }, FLEET_FAILURES);
  return {
    list: () => ask(() => [...state.tasks].map(([task_arn, of]) => ({ task_arn, state: of }))),
    describe: (task_arn) =>
      ask(() => {
        const of = state.tasks.get(task_arn);
        return of === undefined ? undefined : { task_arn, state: of };
      }),
    // The fleet of the model grows and shrinks by its script alone.
    launch: (count) =>
      ask(() => ({
        launched: [],
        failures: [{ kind: 'misconfigured', count, detail: 'nothing to launch' }],
      })),
    stop: (task_arn) =>
      ask(() => {
        if (state.tasks.has(task_arn)) state.tasks.set(task_arn, 'stopped');
      }),
  };
}
