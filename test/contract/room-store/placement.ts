import { expect, it } from 'vitest';
import { aRoom, aTask, contractGroup, LEASE, NOW, report, times, type MakeStore } from './fixtures.ts';

export function placementContract(make: MakeStore): void {
  contractGroup('placementCandidates', make, (store) => {
    const candidates = async (limit = 10, order: 'least' | 'most' = 'least') =>
      (await store.placementCandidates('eu-central-1', 'relay', limit, NOW, order)).map(
        (task) => task.task_id,
      );

    it('gives those with the least rooms first, or the most', async () => {
      for (const [task_id, rooms] of [
        ['two', 2],
        ['none', 0],
        ['one', 1],
      ] as const) {
        const task = await aTask(store, { task_id });
        for (let n = 0; n < rooms; n++) await aRoom(store, task);
      }
      expect(await candidates()).toEqual(['none', 'one', 'two']);
      expect(await candidates(2)).toEqual(['none', 'one']);
      expect(await candidates(2, 'most')).toEqual(['two', 'one']);
    });

    it('gives the whole record', async () => {
      const task = await aTask(store);
      await aRoom(store, task);
      const found = await store.placementCandidates('eu-central-1', 'relay', 1, NOW, 'least');
      expect(found).toEqual([{ ...task, rooms: 1 }]);
    });

    it('gives none of another region or kind', async () => {
      await aTask(store, { region: 'eu-west-1' });
      await aTask(store, { kind: 'render' });
      await aTask(store, { task_id: 'here' });
      expect(await candidates()).toEqual(['here']);
    });

    it('gives none that is not READY, and again none once it drains', async () => {
      await aTask(store, { state: 'STARTING' });
      await aTask(store, { state: 'STANDBY' });
      await aTask(store, { state: 'STOPPED' });
      const ready = report({ task_id: 'ready' });
      await store.putTask(ready);
      expect(await candidates()).toEqual(['ready']);
      await store.putTask({ ...ready, state: 'DRAINING', heartbeat_seq: 1 });
      expect(await candidates()).toEqual([]);
    });

    it('gives none whose lease has run out: at lease_until it is over', async () => {
      await aTask(store, { task_id: 'over', lease_until: NOW });
      await aTask(store, { task_id: 'live', lease_until: NOW + 1 });
      expect(await candidates()).toEqual(['live']);
    });

    it('gives none that is full', async () => {
      const task = await aTask(store, { room_capacity: 1 });
      await aRoom(store, task);
      expect(await candidates()).toEqual([]);
    });

    it('finds the one that has a place behind many that have none', async () => {
      await Promise.all(times(20, (n) => aTask(store, { task_id: `dead-${n}`, lease_until: NOW - LEASE })));
      await Promise.all(
        times(5, async (n) => {
          const full = await aTask(store, { task_id: `full-${n}`, room_capacity: 1 });
          await aRoom(store, full);
        }),
      );
      const live = await aTask(store, { task_id: 'live' });
      await aRoom(store, live);
      expect(await candidates(1)).toEqual(['live']);
      expect(await candidates(1, 'most')).toEqual(['live']);
    });
  });
}
