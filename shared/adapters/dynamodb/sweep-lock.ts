import type { RoomStore } from '../../ports/room-store.ts';
import type { Context } from './context.ts';
import { timeToLive } from './items.ts';
import { remove, update } from './parts.ts';

export function sweepLockMethods({ calls, at }: Context): Pick<RoomStore, 'lockSweep' | 'unlockSweep'> {
  return {
    async lockSweep(name, owner, now, until) {
      const outcome = await calls.update(
        update(
          at.sweepLock(name),
          'SET #owner = :owner, #until = :until, #ttl = :ttl',
          'attribute_not_exists(#owner) OR #owner = :owner OR #until <= :now',
          { owner, until, now, ttl: timeToLive(until) },
        ),
      );
      return outcome.kind === 'done';
    },

    async unlockSweep(name, owner) {
      await calls.remove(remove(at.sweepLock(name), '#owner = :owner', { owner }));
    },
  };
}
