import { expect, it } from 'vitest';
import { createCounts } from '../../../stream-task/counts.ts';
import { createLog } from '../../../stream-task/log.ts';
import { createRemovals } from '../../../stream-task/removals.ts';
import type { RouterAnswer } from '../../../stream-task/router-client.ts';
import type { RemoveClientRequest, RemoveClientResponse } from '../../../shared/protocol/api.ts';

const removal = { room_id: '00157', epoch: 2, client_id: 'c', generation: 2 };

it('knows which removals the router has not answered yet', async () => {
  const answer = Promise.withResolvers<RouterAnswer<RemoveClientResponse>>();
  const removals = createRemovals({
    router: {
      removeClient: () => answer.promise,
    },
    timing: { retry_first: 1, retry_longest: 1 },
    counts: createCounts(),
    log: createLog('silent'),
  });
  expect(removals.has(removal)).toBe(false);
  removals.add(removal);
  expect(removals.has(removal)).toBe(true);
  expect(removals.has({ ...removal, generation: 1 })).toBe(true);
  expect(removals.has({ ...removal, generation: 3 })).toBe(false);
  expect(removals.has({ ...removal, epoch: 3 })).toBe(false);
  answer.resolve({ kind: 'answered', body: { removed: true } });
  await removals.idle();
  expect(removals.has(removal)).toBe(false);
});

it('tells the new place what its room missed while it moved, also where the router has answered already', async () => {
  const told: RemoveClientRequest[] = [];
  const removals = createRemovals({
    router: {
      // The room is at epoch 3 by now, and this task does not know yet.
      async removeClient(request) {
        told.push(request);
        return { kind: 'answered', body: { removed: request.epoch === 3 } };
      },
    },
    timing: { retry_first: 1, retry_longest: 1 },
    counts: createCounts(),
    log: createLog('silent'),
  });
  removals.add(removal);
  removals.add({ ...removal, room_id: '00158' });
  await removals.idle();
  for (let times = 0; times < 2; times++) {
    removals.moved(removal.room_id, 3);
    await removals.idle();
  }
  expect(told.slice(2)).toEqual([{ ...removal, epoch: 3 }]);
});
