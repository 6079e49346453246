import { afterEach, describe, expect, it } from 'vitest';
import type { LocalTask } from '../../../dev/aws/local-task.ts';
import { type LocalFleet, localFleet } from '../../../dev/fleet.ts';
import { lineLog } from '../../support/line-log.ts';

let fleet: LocalFleet | undefined;
afterEach(async () => {
  await fleet?.end();
  fleet = undefined;
});

function startFleet(name: string, count = 1) {
  const log = lineLog();
  /** One line for each change of a task. */
  const changes = lineLog();
  const made = localFleet({
    script: new URL(`../../support/fixtures/processes/${name}.ts`, import.meta.url),
    region: 'local',
    env: () => process.env,
    print: log.print,
    changed: ({ last_status, version, id }: LocalTask) => changes.print(`${last_status} ${version} ${id}`),
  });
  fleet = made;
  for (let n = 0; n < count; n++) made.run('relay');
  return { fleet: made, log, changes };
}

describe('the local fleet', () => {
  it('numbers its tasks and knows their processes', async () => {
    const { fleet, log } = startFleet('idle', 2);
    await Promise.all([log.printed(/^\[task 1\] idle/), log.printed(/^\[task 2\] idle/)]);
    expect(fleet.all()).toMatchObject([
      { last_status: 'RUNNING', desired_status: 'RUNNING' },
      { last_status: 'RUNNING', desired_status: 'RUNNING' },
    ]);
    for (const { pid } of fleet.running()) expect(process.kill(pid, 0)).toBe(true);
  });

  it('goes on describing a task that died as stopped, and replaces none itself', async () => {
    const { fleet, log } = startFleet('idle');
    await log.printed(/^\[task 1\] idle/);
    const [first] = fleet.running();
    process.kill(first!.pid, 'SIGKILL');
    await log.printed(/^\[task 1\] ended by SIGKILL$/);
    expect(fleet.running()).toEqual([]);
    expect(fleet.all()).toMatchObject([
      {
        id: first!.task_id,
        last_status: 'STOPPED',
        desired_status: 'STOPPED',
        stop_code: 'EssentialContainerExited',
        exit_code: 137,
      },
    ]);
  });

  it('says how a task ended by itself', async () => {
    const { log, changes } = startFleet('failing');
    await changes.printed(/^STOPPED/);
    expect(log.text()).toBe('[task 1] ended with exit code 3');
  });

  it('counts the changes of a task', async () => {
    const { fleet, changes } = startFleet('failing');
    await changes.printed(/^STOPPED/);
    const [{ id } = { id: '' }] = fleet.all();
    expect(changes.text()).toBe(`RUNNING 2 ${id}\nSTOPPED 3 ${id}`);
  });

  it('stops a task by SIGTERM, and all of them by SIGINT', async () => {
    const { fleet, changes } = startFleet('idle', 0);
    const { id } = fleet.run('render');
    await changes.printed(new RegExp(`^RUNNING \\d+ ${id}`));
    fleet.stop(id, 'scaled in');
    await changes.printed(new RegExp(`^STOPPED \\d+ ${id}`));
    const other = fleet.run('relay');
    await changes.printed(new RegExp(`^RUNNING \\d+ ${other.id}`));
    await fleet.end();
    expect(fleet.all()).toMatchObject([
      { kind: 'render', stop_code: 'UserInitiated', stopped_reason: 'scaled in', exit_code: 143 },
      { kind: 'relay', stop_code: 'EssentialContainerExited', exit_code: 130 },
    ]);
  });
});
