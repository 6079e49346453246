/** A fleet that scale-fleet looks after: a small world (see world.ts) with a fleet on paper. */
import type { TaskState } from '../../shared/domain/task.ts';
import type { RoomStore } from '../../shared/ports/room-store.ts';
import { createRoom } from '../../shared/use-cases/create-room.ts';
import type { Deps } from '../../shared/use-cases/deps.ts';
import { scaleFleet, type ScaleResult } from '../../shared/use-cases/scale-fleet.ts';
import { memoryFleet, type MemoryFleet } from './memory-fleet.ts';
import { granted, makeWorld, type World } from './world.ts';

export const MINUTE = 60_000;
/** Tasks of 10 places, 2 to 6 of them; 5 places free at least, 20 at most. */
const SETTINGS = {
  MIN_TASKS: '2',
  MAX_TASKS: '6',
  ROOM_CAPACITY: '10',
  UPSCALE_MARGIN: '5',
  DOWNSCALE_MARGIN: '20',
};

/** The id of the task with this ARN. */
export const idOf = (arn: string): string => arn.slice('arn:'.length);

export class ScaledWorld {
  readonly world: World;
  readonly fleet: MemoryFleet;
  readonly store: RoomStore;
  /** Those of scale-fleet. */
  readonly deps: Deps;

  private constructor(world: World) {
    this.world = world;
    this.store = world.store;
    // The present, so that DynamoDB's time to live collects nothing.
    world.advance(Date.now() - world.now());
    this.fleet = memoryFleet(
      (n) => `arn:task-${n}`,
      () => world.now(),
    );
    world.deps.fleet = this.fleet;
    this.deps = { ...world.deps };
  }

  static async begin(store: RoomStore, settings: Record<string, string> = {}): Promise<ScaledWorld> {
    return new ScaledWorld(await makeWorld({ ...SETTINGS, ...settings }, { store }));
  }

  run(): Promise<ScaleResult> {
    return scaleFleet(this.deps);
  }

  /** ARNs of the tasks that the fleet has in this state. */
  arns(state: string): string[] {
    const tasks = this.fleet.tasks().filter((task) => task.state === state);
    return tasks.map(({ task_arn }) => task_arn);
  }

  /** Every task that was launched comes up and registers: their ids. */
  async boot(): Promise<string[]> {
    const up = this.arns('starting');
    for (const arn of up) {
      this.fleet.started(arn);
      await this.world.addTask(idOf(arn), { room_capacity: 10 });
    }
    return up.map(idOf);
  }

  /** So many minutes pass, and each task that runs has told that it is there. */
  async pass(minutes: number): Promise<void> {
    this.world.advance(minutes * MINUTE);
    for (const arn of this.arns('running')) await this.world.heartbeat(this.world.tasks.get(idOf(arn))!);
  }

  /** Asks for so many rooms. */
  async rooms(count: number): Promise<void> {
    for (let n = 0; n < count; n++) await granted(createRoom(this.world.deps, {}));
  }

  pending(): Promise<number> {
    return this.store.countPending('relay');
  }

  /** The state of each task by its id. */
  async states(): Promise<Record<string, TaskState>> {
    return Object.fromEntries((await this.store.listTasks()).map(({ task_id, state }) => [task_id, state]));
  }

  /** The store of scale-fleet, but for one method. */
  replace<M extends keyof RoomStore>(name: M, method: RoomStore[M]): void {
    const { store } = this;
    this.deps.store = new Proxy(store, {
      get: (target, of: keyof RoomStore) => (of === name ? method : target[of]),
    });
  }
}
