import { describe } from 'vitest';
import { clientContract } from './room-store/clients.ts';
import { createContract } from './room-store/create.ts';
import type { MakeStore } from './room-store/fixtures.ts';
import { placementContract } from './room-store/placement.ts';
import { rehomeContract } from './room-store/rehome.ts';
import { removalContract } from './room-store/removal.ts';
import { taskContract } from './room-store/tasks.ts';

/** What every `RoomStore` does. `make` gives an empty store before each test. */
export function roomStoreContract(name: string, make: MakeStore): void {
  describe(`RoomStore ${name}`, () => {
    taskContract(make);
    placementContract(make);
    createContract(make);
    clientContract(make);
    removalContract(make);
    rehomeContract(make);
  });
}
