/** The tasks of the simulated fleet, and `placement-index` over them. */
import type { ScalingTask } from '../../shared/domain/scaling-types.ts';
import type { TaskKind, TaskRecord } from '../../shared/domain/task.ts';

/** A task as the control plane records it, and what the simulation knows besides. */
export interface SimTask extends TaskRecord {
  /** Here the same as `task_id`. */
  task_arn: string;
  state_since: number;
  /** Its process runs. A dead one keeps its record until somebody notices. */
  alive: boolean;
  /** What it cost before is counted. */
  accounted_until: number;
  /** The rooms on it, in no order. */
  room_list: number[];
  /** Its place among the tasks of the index with as many rooms; -1: not in the index. */
  position: number;
}

export function launchedTask(n: number, kind: TaskKind, room_capacity: number, now: number): SimTask {
  return {
    task_id: `task-${n}`,
    task_arn: `task-${n}`,
    state: 'STARTING',
    kind,
    region: 'simulated',
    instance_ip: '192.0.2.1',
    port: 443,
    url: `wss://task-${n}.example`,
    rooms: 0,
    clients: 0,
    room_capacity,
    lease_until: Infinity,
    started_at: now,
    heartbeat_seq: 0,
    silent: 0,
    silent_resuming: 0,
    state_since: now,
    alive: true,
    accounted_until: now,
    room_list: [],
    position: -1,
  };
}

/** As the plan sees it. */
export function viewOf({ state, task_arn, task_id, ...task }: SimTask): ScalingTask {
  return {
    ...(state !== 'STARTING' && { task_id }),
    task_arn,
    state: state === 'STOPPED' ? 'DRAINING' : state,
    rooms: task.rooms,
    clients: task.clients,
    room_capacity: task.room_capacity,
    since: task.state_since,
    outdated: false,
  };
}

/** What DynamoDB's index over READY tasks answers, for the one region and kind of a simulation, never out of date. */
export class PlacementIndex {
  readonly #by_rooms: SimTask[][];

  constructor(room_capacity: number) {
    this.#by_rooms = Array.from({ length: room_capacity + 1 }, () => []);
  }

  add(task: SimTask): void {
    task.position = this.#by_rooms[task.rooms]!.push(task) - 1;
  }

  remove(task: SimTask): void {
    this.#leave(task, task.rooms);
  }

  /** `task`, which is in the index, had `before` rooms until now. */
  recount(task: SimTask, before: number): void {
    this.#leave(task, before);
    this.add(task);
  }

  /** Tasks with a place, those with the least (or the most) rooms first. */
  candidates(limit: number, order: 'least' | 'most'): SimTask[] {
    const found: SimTask[] = [];
    const capacity = this.#by_rooms.length - 1;
    for (let i = 0; i < capacity && found.length < limit; i++) {
      const tasks = this.#by_rooms[order === 'least' ? i : capacity - 1 - i]!;
      for (let k = 0; k < tasks.length && found.length < limit; k++) found.push(tasks[k]!);
    }
    return found;
  }

  /** Tasks in the index by the number of their rooms. */
  counts(): number[] {
    return this.#by_rooms.map((tasks) => tasks.length);
  }

  #leave(task: SimTask, rooms: number): void {
    const tasks = this.#by_rooms[rooms]!;
    const last = tasks.pop()!;
    if (last !== task) {
      tasks[task.position] = last;
      last.position = task.position;
    }
    task.position = -1;
  }
}
