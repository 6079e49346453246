import type { RoomStore } from '../../ports/room-store.ts';
import type { MemoryState } from './state.ts';

type ScalingMethods = Pick<RoomStore, 'lockSweep' | 'unlockSweep' | 'getScaling' | 'putScaling'>;

/** The locks of the sweeps, and what the plans of the fleet leave to each other. */
export function scalingMethods({ sweeps, scaling }: MemoryState): ScalingMethods {
  return {
    async lockSweep(name, owner, now, until) {
      const held = sweeps.get(name);
      if (held !== undefined && held.owner !== owner && held.until > now) return false;
      sweeps.set(name, { owner, until });
      return true;
    },

    async unlockSweep(name, owner) {
      if (sweeps.get(name)?.owner === owner) sweeps.delete(name);
    },

    async getScaling(kind) {
      return structuredClone(scaling.get(kind));
    },

    async putScaling(kind, memory, version) {
      if ((scaling.get(kind)?.version ?? 0) !== version) return false;
      scaling.set(kind, structuredClone({ memory, version: version + 1 }));
      return true;
    },
  };
}
