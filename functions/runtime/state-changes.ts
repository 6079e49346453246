/** What ECS reports of its tasks through EventBridge: at least once, and in any order. */
import * as z from 'zod';

/** Tasks that one instance of a function remembers. */
const REMEMBERED = 1_000;

/** Source: Amazon ECS developer guide, "Amazon ECS task state change events". */
const stateChange = z.object({
  source: z.literal('aws.ecs'),
  detail: z.object({ taskArn: z.string(), version: z.int() }),
});

export interface StateChanges {
  /**
   * Whether `event` says nothing new: ECS counts the changes of a task in its version, and this one, or a later one, was seen
   * before. False for the first of a task, and for what is no such event (a schedule, a call of our own).
   */
  repeated: (event: unknown) => boolean;
}

/** Of one instance of a function: another may see the same event, which only does the same work once more. */
export function stateChanges(remembered = REMEMBERED): StateChanges {
  const versions = new Map<string, number>();
  return {
    repeated(event) {
      const { data } = stateChange.safeParse(event);
      if (data === undefined) return false;
      const { taskArn, version } = data.detail;
      const seen = versions.get(taskArn);
      if (seen !== undefined && seen >= version) return true;
      // The one that changed last goes last.
      versions.delete(taskArn);
      versions.set(taskArn, version);
      if (versions.size > remembered) versions.delete(versions.keys().next().value!);
      return false;
    },
  };
}
