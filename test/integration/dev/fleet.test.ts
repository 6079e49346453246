import { afterEach, describe, expect, it } from 'vitest';
import type { LocalTask } from '../../../dev/aws/local-task.ts';
import { type LocalFleet, localFleet } from '../../../dev/fleet.ts';
import { lineLog } from '../../support/line-log.ts';

let fleet: LocalFleet | undefined;
afterEach(async () => {
  await fleet?.end();
  fleet = undefined;
});

function startFleet(name: string, { count = 2, restart = true } = {}) {
  const log = lineLog();
  /** One line for each change of a task. */
  const changes = lineLog();
  const made = localFleet({
    script: new URL(`../../support/fixtures/processes/${name}.ts`, import.meta.url),
    region: 'local',
    count,
    restart,
    env: () => process.env,
    print: log.print,
    changed: (task: LocalTask) => changes.print(`${task.last_status} ${task.id}`),
  });
  fleet = made;
  made.start();
  return { fleet: made, log, changes };
}

describe('the local fleet', () => {
  it('numbers its tasks and knows their processes', async () => {
    const { fleet, log } = startFleet('idle');
    await Promise.all([log.printed(/^\[task 1\] idle/), log.printed(/^\[task 2\] idle/)]);
    expect(fleet.all()).toMatchObject([
      { last_status: 'RUNNING', desired_status: 'RUNNING' },
      { last_status: 'RUNNING', desired_status: 'RUNNING' },
    ]);
    for (const { pid } of fleet.running()) expect(process.kill(pid, 0)).toBe(true);
  });

  it('replaces a task that died, and goes on describing it as stopped', async () => {
    const { fleet, log } = startFleet('idle', { count: 1 });
    await log.printed(/^\[task 1\] idle/);
    const [first] = fleet.running();
    process.kill(first!.pid, 'SIGKILL');
    await log.printed(/^\[task 1\] ended by SIGKILL$/);
    await log.printed(/^\[task 2\] idle/);
    expect(fleet.running()).toHaveLength(1);
    expect(fleet.all()).toMatchObject([
      {
        id: first!.task_id,
        last_status: 'STOPPED',
        desired_status: 'STOPPED',
        stop_code: 'EssentialContainerExited',
        exit_code: 137,
      },
      { last_status: 'RUNNING' },
    ]);
  });

  it('tries again with a task that dies at once', async () => {
    const { log } = startFleet('failing', { count: 1 });
    for (const number of [1, 2]) {
      expect(await log.printed(/ended/, number - 1)).toBe(`[task ${number}] ended with exit code 3`);
    }
  });

  it('does not replace a task if it is not to', async () => {
    const { fleet, log, changes } = startFleet('failing', { count: 1, restart: false });
    await changes.printed(/^STOPPED/);
    await fleet.end();
    expect(log.text()).toBe('[task 1] ended with exit code 3');
  });

  it('runs and stops tasks beyond its size on demand', async () => {
    const { fleet, changes } = startFleet('idle', { count: 0 });
    const { id } = fleet.run();
    await changes.printed(new RegExp(`^RUNNING ${id}`));
    fleet.stop(id, 'scaled in');
    await changes.printed(new RegExp(`^STOPPED ${id}`));
    expect(fleet.all()).toMatchObject([
      { stop_code: 'UserInitiated', stopped_reason: 'scaled in', last_status: 'STOPPED', exit_code: 143 },
    ]);
  });
});
