import type { RoomStore } from '../../ports/room-store.ts';
import { clientMethods } from './clients.ts';
import { connectionMethods } from './connections.ts';
import { pendingMethods } from './pending.ts';
import { requestMethods } from './requests.ts';
import { roomMethods } from './rooms.ts';
import { scalingMethods } from './scaling.ts';
import { emptyState, type MemoryState } from './state.ts';
import { taskMethods } from './tasks.ts';

/**
 * A store in the memory of this process: what `npm run dev` uses where no Java is found. Every method runs without a
 * pause, so it is atomic; nothing outlives the process. Never throws `StoreBusy`.
 */
export function memoryRoomStore(state: MemoryState = emptyState()): RoomStore {
  return {
    ...taskMethods(state),
    ...roomMethods(state),
    ...pendingMethods(state),
    ...clientMethods(state),
    ...requestMethods(state),
    ...connectionMethods(state),
    ...scalingMethods(state),
  };
}
