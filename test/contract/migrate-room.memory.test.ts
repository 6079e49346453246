import { memoryRoomStore } from '../../shared/adapters/memory/store.ts';
import { storeBreaches } from '../support/store-invariants.ts';
import { migrateRoomContract } from './migrate-room.ts';

migrateRoomContract(
  'on the store in memory',
  async () => {
    const store = memoryRoomStore();
    return { store, breaches: () => storeBreaches(store) };
  },
  40,
);
