import { expect, it } from 'vitest';
import { createCounts } from '../../../stream-task/counts.ts';
import { createLog } from '../../../stream-task/log.ts';
import { createRemovals } from '../../../stream-task/removals.ts';
import type { RouterAnswer } from '../../../stream-task/router-client.ts';
import type { RemoveClientResponse } from '../../../shared/protocol/api.ts';

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
