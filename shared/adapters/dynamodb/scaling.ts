import { emptyMemory, type ScalingMemory } from '../../domain/scaling-types.ts';
import type { RoomStore } from '../../ports/room-store.ts';
import type { Context } from './context.ts';
import { update } from './parts.ts';

/** The memory of the plans is kept as JSON: nobody but the plan looks into it. */
export function scalingMethods({ calls, at }: Context): Pick<RoomStore, 'getScaling' | 'putScaling'> {
  return {
    async getScaling(kind) {
      const item = await calls.get(at.scaling(kind));
      if (item === undefined) return undefined;
      const kept = JSON.parse(item['memory'] as string) as ScalingMemory;
      // An earlier version of this software may have kept less.
      return { memory: { ...emptyMemory(), ...kept }, version: item['version'] as number };
    },

    async putScaling(kind, memory, version) {
      const text = JSON.stringify(memory);
      const outcome = await calls.update(
        update(
          at.scaling(kind),
          'SET #memory = :text, #version = :next',
          version === 0 ? 'attribute_not_exists(#version)' : '#version = :version',
          { text, next: version + 1, ...(version > 0 && { version }) },
        ),
      );
      if (outcome.kind === 'done') return true;
      // It was this call that did it, if its answer was lost.
      return outcome.item?.['version'] === version + 1 && outcome.item['memory'] === text;
    },
  };
}
