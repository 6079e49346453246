/** The end of a run: nothing goes wrong any more, time passes, one sweep runs, and then the tables hold what is alive. */
import { CLOCK_SKEW_MS, REQUEST_LIMIT_MS, SWEEP_LOCK_MS } from '../../shared/domain/liveness.ts';
import type { Play } from './play.ts';
import type { Rows } from './rows.ts';
import { LONGEST_AGAIN_MS } from './script.ts';
import type { Town } from './town.ts';

/** Until everything that is under way has ended: no lease, reservation, request or lock lasts longer. ms */
const settlingTime = ({ policy }: Town): number =>
  CLOCK_SKEW_MS +
  Math.max(
    policy.CONNECT_TIMEOUT + policy.LEASE + REQUEST_LIMIT_MS,
    LONGEST_AGAIN_MS + policy.LEASE + REQUEST_LIMIT_MS,
    SWEEP_LOCK_MS,
  );

/** Until what the sweep registered again has been taken, or given up by the task. ms */
const afterwards = ({ policy }: Town): number =>
  Math.max(policy.CONNECT_TIMEOUT, policy.RESUME_GRACE) + 2 * CLOCK_SKEW_MS;

/** What the rows and the processes say, in the same words. */
function rowsAsText({ tasks, rooms, placed }: Rows): string[] {
  return [
    ...tasks.map(({ task_id, url, rooms: count }) => `task ${task_id} at ${url} has ${count} rooms`),
    ...placed.map(({ task_id, room_id, epoch }) => `task ${task_id} has ${room_id}@${epoch}`),
    ...rooms.flatMap(({ room, clients }) =>
      clients.map(
        ({ client_id, status, generation }) =>
          `${status} ${client_id} generation ${generation} in ${room.room_id}@${room.epoch} on ${room.task_id} at ${room.url}`,
      ),
    ),
  ].toSorted();
}

function lifeAsText({ processes }: Town): string[] {
  return processes
    .filter(({ up }) => up)
    .flatMap(({ task_id, url, registry }) => {
      const rooms = registry.snapshot();
      return [
        `task ${task_id} at ${url} has ${rooms.length} rooms`,
        ...rooms.map(({ room_id, epoch }) => `task ${task_id} has ${room_id}@${epoch}`),
        ...rooms.flatMap(({ room_id, epoch, clients }) =>
          clients.map(
            ({ client_id, generation, connected }) =>
              `${connected ? 'CONNECTED' : 'waiting'} ${client_id} generation ${generation} in ${room_id}@${epoch} on ${task_id} at ${url}`,
          ),
        ),
      ];
    })
    .toSorted();
}

export async function settle(town: Town, play: Play): Promise<void> {
  const { scheduler, monitor, processes, fleet } = town;
  town.calm = true;
  town.tell('calm');
  for (const process of processes) {
    if (process.cut || process.mute) process.disturbed_at = scheduler.now;
    process.cut = false;
    process.mute = false;
    if (process.frozen) process.thaw();
    const { task_id } = process;
    const up = processes.some((one) => one.up && one.task_id === task_id);
    if (!up) fleet.tasks.set(`arn:${task_id}`, 'stopped');
  }
  play.startSpare();
  await scheduler.advance(settlingTime(town));
  fleet.fails = false;
  for (const { task_id } of processes) {
    const up = processes.some((one) => one.up && one.task_id === task_id);
    fleet.tasks.set(`arn:${task_id}`, up ? 'running' : 'stopped');
  }
  if (monitor.breach !== undefined) return;

  town.tell('the one sweep');
  const swept = play.sweep();
  await scheduler.advance(afterwards(town));
  const answer = await swept;
  if (answer.kind !== 'answered' || answer.value.kind !== 'swept' || answer.value.faults > 0) {
    monitor.fail(`the sweep came out as ${JSON.stringify(answer)}`);
  }
  const rows = await town.rows();
  for (const breach of rows.breaches) monitor.fail(breach);
  const held = rowsAsText(rows);
  const alive = lifeAsText(town);
  const leaked = held.filter((line) => !alive.includes(line));
  const missing = alive.filter((line) => !held.includes(line));
  if (leaked.length + missing.length > 0) {
    monitor.fail(
      [
        'after one sweep the tables do not hold what is alive',
        ...leaked.map((one) => `  leaked: ${one}`),
        ...missing.map((one) => `  missing: ${one}`),
      ].join('\n'),
    );
  }
}
