import { memoryRoomStore } from '../../shared/adapters/memory/store.ts';
import { storeBreaches } from '../support/store-invariants.ts';
import { roomStoreContract } from './room-store.ts';

roomStoreContract('in memory', async () => {
  const store = memoryRoomStore();
  return { store, breaches: () => storeBreaches(store) };
});
