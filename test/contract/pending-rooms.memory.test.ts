import { memoryRoomStore } from '../../shared/adapters/memory/store.ts';
import { storeBreaches } from '../support/store-invariants.ts';
import { pendingRoomsContract } from './pending-rooms.ts';

pendingRoomsContract('on the store in memory', async () => {
  const store = memoryRoomStore();
  const breaches = async () => {
    const waiting = await store.listPending('relay', 1_000);
    return storeBreaches(store, { room_ids: waiting.map(({ room_id }) => room_id) });
  };
  return { store, breaches };
});
