/** The machines that run stream tasks, as a port. Adapters: ECS; more come with scaling. */
export type FleetTaskState = 'starting' | 'running' | 'stopping' | 'stopped';

export interface FleetTask {
  task_arn: string;
  state: FleetTaskState;
}

/** The fleet's API failed or was throttled: nothing may be concluded from it. */
export class FleetUnavailable extends Error {
  override name = 'FleetUnavailable';
}

export interface Fleet {
  /** Every task that the fleet knows, running or lately stopped, to the last page. Throws {@link FleetUnavailable}. */
  list(): Promise<FleetTask[]>;
  /** One task; undefined if the fleet does not know it. Throws {@link FleetUnavailable}. */
  describe(task_arn: string): Promise<FleetTask | undefined>;
}
