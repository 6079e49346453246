import {
  clientRecord,
  emptyState,
  roomRecord,
  taskRecord,
  taskRooms,
} from '../../shared/adapters/memory/state.ts';
import { memoryRoomStore } from '../../shared/adapters/memory/store.ts';
import type { RoomStore } from '../../shared/ports/room-store.ts';
import { STORE_FAILURES } from './request.ts';
import type { Backend, Rows } from './rows.ts';

const READS = /^(get|list|placement|countPending)/;

/** Its state is read at once, so that nothing comes in between. What DynamoDB counts cannot drift here. */
export function memoryBackend(): Backend {
  const state = emptyState();
  const store = memoryRoomStore(state);
  const rows = (): Rows => {
    const task_ids = [...state.tasks.keys()];
    return {
      tasks: task_ids.map((task_id) => taskRecord(state, task_id)!),
      placed: [...state.placed.keys()].flatMap((task_id) =>
        taskRooms(state, task_id).map(({ room_id, epoch }) => ({ task_id, room_id, epoch })),
      ),
      rooms: [...state.rooms.values()].map((room) => ({
        room: roomRecord(state, room.record.room_id)!,
        clients: [...room.clients.keys()].map((client_id) => clientRecord(room, client_id)!),
      })),
      breaches: [],
    };
  };
  return {
    storeFor: (request, wrote) =>
      new Proxy(store, {
        get(target, name: keyof RoomStore) {
          const method = target[name] as (...args: unknown[]) => Promise<unknown>;
          const work = (args: unknown[]) => {
            const result = method(...args);
            if (!READS.test(name)) wrote(rows());
            return result;
          };
          return (...args: unknown[]) => request.call(() => work(args), STORE_FAILURES);
        },
      }),
    rows: async () => rows(),
  };
}
