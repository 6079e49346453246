import type { RunningTask } from './fleet.ts';

/** What the local stack tells the process that started it over IPC. */
export type FromStack =
  | { kind: 'tasks'; tasks: RunningTask[] }
  /**
   * `aws`: variables with which SDK clients reach the AWS doubles and DynamoDB Local, whatever is disturbed. `control`: see
   * dev/faults/control.ts.
   */
  | { kind: 'ready'; url: string; aws: Record<string, string>; control: string };
