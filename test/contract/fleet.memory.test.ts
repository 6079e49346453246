import { memoryFleet } from '../support/memory-fleet.ts';
import { fleetContract } from './fleet.ts';

fleetContract('in memory', async () => {
  const arn = (n: number) =>
    `arn:aws:ecs:local:000000000000:task/anteroom/${n.toString(16).padStart(32, '0')}`;
  const fleet = memoryFleet(arn, Date.now);
  return {
    fleet,
    reached: async (task_arn, state) =>
      state === 'running' ? fleet.started(task_arn) : fleet.ended(task_arn),
    kill: (task_arn) => fleet.killed(task_arn),
    revise: () => fleet.revise(),
    [Symbol.asyncDispose]: async () => {},
  };
});
