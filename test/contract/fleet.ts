/** What every fleet keeps to. A suite runs it on each adapter. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TaskKind } from '../../shared/domain/task.ts';
import type { Fleet, FleetTask } from '../../shared/ports/fleet.ts';

/** One fleet for one test. */
export interface FleetUnderTest extends AsyncDisposable {
  fleet: Fleet;
  /** Resolves when the task's process is up, or has ended. */
  reached(task_arn: string, state: 'running' | 'stopped'): Promise<void>;
  /** Ends the process of a task behind the fleet's back. */
  kill(task_arn: string): void;
  /** What a launch runs from now on is another revision. */
  revise(): void;
}

const byArn = (tasks: readonly FleetTask[]) => new Map(tasks.map((task) => [task.task_arn, task]));
const arns = (tasks: readonly FleetTask[]) => tasks.map(({ task_arn }) => task_arn).sort();

export function fleetContract(name: string, start: () => Promise<FleetUnderTest>): void {
  describe(`a fleet: ${name}`, () => {
    let under: FleetUnderTest;
    let fleet: Fleet;
    beforeEach(async () => {
      under = await start();
      ({ fleet } = under);
    });
    afterEach(() => under[Symbol.asyncDispose]());

    async function launchOne(kind: TaskKind = 'relay'): Promise<string> {
      const { launched, failures } = await fleet.launch(1, kind, `one-${kind}-${Math.random()}`);
      expect(failures).toEqual([]);
      return launched[0]!.task_arn;
    }

    it('has no tasks before one is launched', async () => {
      expect(await fleet.list()).toEqual([]);
      expect(await fleet.describe('arn:aws:ecs:local:000000000000:task/anteroom/none')).toBeUndefined();
    });

    it('launches as many as it is told, of the kind it is told, and lists them', async () => {
      const before = Date.now();
      const relays = await fleet.launch(2, 'relay', 'two relays');
      const renders = await fleet.launch(1, 'render', 'a render');
      expect([...relays.failures, ...renders.failures]).toEqual([]);
      expect(relays.launched.map(({ kind }) => kind)).toEqual(['relay', 'relay']);
      expect(renders.launched.map(({ kind }) => kind)).toEqual(['render']);

      const listed = byArn(await fleet.list());
      expect([...listed.keys()].sort()).toEqual(arns([...relays.launched, ...renders.launched]));
      for (const { task_arn, kind } of [...relays.launched, ...renders.launched]) {
        const task = listed.get(task_arn)!;
        expect(task).toMatchObject({ kind, outdated: false });
        expect(['starting', 'running']).toContain(task.state);
        // ECS gives times in seconds, with parts of them.
        expect(task.created_at).toBeGreaterThanOrEqual(before - 1_000);
        expect(task.created_at).toBeLessThanOrEqual(Date.now() + 1_000);
      }
    });

    it('launches nothing more for a launch that is repeated', async () => {
      const first = await fleet.launch(2, 'relay', 'the same');
      const again = await fleet.launch(2, 'relay', 'the same');
      expect(arns(again.launched)).toEqual(arns(first.launched));
      const other = await fleet.launch(1, 'relay', 'another');
      expect(arns(await fleet.list())).toEqual(arns([...first.launched, ...other.launched]));
    });

    it('says that a task runs, and what became of one that ended by itself', async () => {
      const task_arn = await launchOne();
      await under.reached(task_arn, 'running');
      expect(await fleet.describe(task_arn)).toMatchObject({ task_arn, state: 'running', kind: 'relay' });
      under.kill(task_arn);
      await under.reached(task_arn, 'stopped');
      const told = { state: 'stopped', stopped_reason: 'Essential container in task exited' };
      expect(await fleet.describe(task_arn)).toMatchObject(told);
      expect(byArn(await fleet.list()).get(task_arn)).toMatchObject(told);
    });

    it('stops a task, with the reason', async () => {
      const [task_arn, other] = [await launchOne(), await launchOne()];
      await under.reached(task_arn, 'running');
      await under.reached(other, 'running');
      await fleet.stop(task_arn, 'nobody is left');
      await under.reached(task_arn, 'stopped');
      expect(await fleet.describe(task_arn)).toMatchObject({
        state: 'stopped',
        stopped_reason: 'nobody is left',
      });
      expect(await fleet.describe(other)).toMatchObject({ state: 'running' });
    });

    it('takes it for no error to stop what has ended, or what nobody knows', async () => {
      const task_arn = await launchOne();
      await under.reached(task_arn, 'running');
      await fleet.stop(task_arn, 'first');
      await fleet.stop(task_arn, 'second');
      await under.reached(task_arn, 'stopped');
      await fleet.stop(task_arn, 'third');
      expect(await fleet.describe(task_arn)).toMatchObject({ state: 'stopped', stopped_reason: 'first' });
      await fleet.stop(`${task_arn.slice(0, -32)}${'f'.repeat(32)}`, 'never seen');
    });

    it('calls a task outdated once a launch would run something else', async () => {
      const before = await launchOne();
      under.revise();
      const after = await launchOne();
      const listed = byArn(await fleet.list());
      expect(listed.get(before)).toMatchObject({ outdated: true });
      expect(listed.get(after)).toMatchObject({ outdated: false });
    });
  });
}
