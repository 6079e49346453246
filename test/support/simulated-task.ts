/**
 * A stream task for tests of the control plane: the part of a task that the router sees (register, rooms), on the port,
 * without sockets. Its clients connect, break and leave when the test says so.
 */
import type { RegisterRequest, TaskRooms } from '../../shared/protocol/api.ts';
import type { TaskAddress, TaskCallFailure, TaskClient } from '../../shared/ports/task-client.ts';

/** `lost`: the register is carried out, but its answer never arrives; `failing-once`: the next one fails. */
export type Behaviour = 'up' | 'unreachable' | 'silent' | 'lost' | 'failing-once' | 'draining' | 'failing';

interface SeenClient {
  generation: number;
  connected: boolean;
  connect_by: number;
}

export class SimulatedTask {
  readonly task_id: string;
  readonly url: string;
  /** When its process began, as its snapshots say. */
  started_at: number;
  behaviour: Behaviour = 'up';
  readonly rooms = new Map<string, { epoch: number; clients: Map<string, SeenClient> }>();
  readonly registers: RegisterRequest[] = [];

  constructor(task_id: string, url: string, started_at: number) {
    this.task_id = task_id;
    this.url = url;
    this.started_at = started_at;
  }

  private get failure(): TaskCallFailure | undefined {
    switch (this.behaviour) {
      case 'unreachable':
        return { kind: 'unreachable' };
      case 'silent':
        return { kind: 'silent' };
      case 'failing':
        return { kind: 'failed', status: 500 };
      default:
        return undefined;
    }
  }

  register(request: RegisterRequest): { kind: 'registered' } | TaskCallFailure {
    if (this.failure !== undefined) return this.failure;
    if (this.behaviour === 'failing-once') {
      this.behaviour = 'up';
      return { kind: 'failed', status: 500 };
    }
    const known = this.rooms.get(request.room_id);
    if (known !== undefined && known.epoch > request.epoch) return { kind: 'refused', code: 'stale_epoch' };
    if (known === undefined && this.behaviour === 'draining')
      return { kind: 'refused', code: 'task_draining' };
    this.registers.push(request);
    const room = known ?? { epoch: request.epoch, clients: new Map<string, SeenClient>() };
    if (request.epoch > room.epoch) {
      room.epoch = request.epoch;
    }
    for (const { client_id, generation, connect_by } of request.clients) {
      const before = room.clients.get(client_id);
      if (before !== undefined && before.generation > generation) continue;
      room.clients.set(client_id, { generation, connect_by, connected: before?.connected ?? false });
    }
    if (room.clients.size > 0) this.rooms.set(request.room_id, room);
    for (const { client_id, generation } of request.gone ?? []) {
      const before = room.clients.get(client_id);
      if (before !== undefined && before.generation <= generation) room.clients.delete(client_id);
    }
    return this.behaviour === 'lost' ? { kind: 'silent' } : { kind: 'registered' };
  }

  drain(): { kind: 'draining'; rooms: number; deadline_ms: number } | TaskCallFailure {
    if (this.failure !== undefined) return this.failure;
    this.behaviour = 'draining';
    return { kind: 'draining', rooms: this.rooms.size, deadline_ms: 100_000 };
  }

  snapshot(taken_at: number, room_id?: string): { kind: 'rooms'; snapshot: TaskRooms } | TaskCallFailure {
    if (this.failure !== undefined) return this.failure;
    const rooms = [...this.rooms]
      .filter(([id]) => room_id === undefined || id === room_id)
      .map(([id, { epoch, clients }]) => ({
        room_id: id,
        epoch,
        clients: [...clients].map(([client_id, { generation, connected }]) => ({
          client_id,
          generation,
          connected,
        })),
      }));
    return {
      kind: 'rooms',
      snapshot: { task_id: this.task_id, taken_at, started_at: this.started_at, rooms },
    };
  }

  client(room_id: string, client_id: string): SeenClient {
    const client = this.rooms.get(room_id)?.clients.get(client_id);
    if (client === undefined) throw new Error(`task ${this.task_id} does not know client ${client_id}`);
    return client;
  }
}

/** The calls of a router to those tasks, by address: an address of which no task is known is unreachable. */
export function simulatedTaskClient(
  tasks: ReadonlyMap<string, SimulatedTask>,
  now: () => number,
): TaskClient {
  const at = ({ task_id, url }: TaskAddress) => {
    const task = tasks.get(task_id);
    return task?.url === url ? task : undefined;
  };
  return {
    register: async (address, request) => at(address)?.register(request) ?? { kind: 'unreachable' },
    drain: async (address) => at(address)?.drain() ?? { kind: 'unreachable' },
    rooms: async (address, room_id) => at(address)?.snapshot(now(), room_id) ?? { kind: 'unreachable' },
  };
}
