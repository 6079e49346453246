import { describe } from 'vitest';
import { clientContract } from './room-store/clients.ts';
import { connectionContract } from './room-store/connections.ts';
import { createContract } from './room-store/create.ts';
import type { MakeStore } from './room-store/fixtures.ts';
import { pendingContract } from './room-store/pending.ts';
import { placementContract } from './room-store/placement.ts';
import { rehomeContract } from './room-store/rehome.ts';
import { removalContract } from './room-store/removal.ts';
import { requestContract } from './room-store/requests.ts';
import { scalingContract } from './room-store/scaling.ts';
import { taskContract } from './room-store/tasks.ts';

/**
 * What every `RoomStore` does. `make` gives an empty store before each test. `crowd` scales how many callers race in the
 * largest tests: 1 is the full size.
 */
export function roomStoreContract(name: string, make: MakeStore, crowd = 1): void {
  describe(`RoomStore ${name}`, () => {
    taskContract(make);
    scalingContract(make);
    placementContract(make);
    createContract(make, crowd);
    clientContract(make, crowd);
    removalContract(make, crowd);
    rehomeContract(make);
    pendingContract(make, crowd);
    connectionContract(make);
    requestContract(make);
  });
}
