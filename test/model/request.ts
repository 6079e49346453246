/** One request to the router under way: when each of its calls is made and answered, and what goes wrong. */
import { StoreBusy } from '../../shared/ports/room-store.ts';
import type { Event, Scheduler } from './scheduler.ts';
import { mixed, type Trouble, type Weather } from './trouble.ts';

/** How long a call takes each way at most, unless something is wrong, ms. */
const LONGEST_LEG_MS = 20;
/** When a caller gives up a call that is `late`, ms. */
const GIVEN_UP_MS = 100;

const never = () => new Promise<never>(() => {});

export interface Failures {
  before(what: 'fail' | 'reset' | 'late'): Error;
  after(what: 'fail' | 'reset'): Error;
}

const busy = (text: string) => new StoreBusy(`injected: ${text}`);
export const STORE_FAILURES: Failures = {
  before: (what) => busy(`${what} before`),
  after: (what) => busy(`${what} after`),
};

export class Request {
  readonly name: string;
  readonly scheduler: Scheduler;
  /** The step at which it began. */
  readonly begun: number;
  /** The instant at which it began. */
  readonly begun_at: number;
  /** Ids of the tasks whose calls something was wrong with. */
  readonly disturbed = new Set<string>();
  /** The clients that it took a seat for, or tried to. */
  readonly seats: string[] = [];
  /** A call of its own has failed, or its answer was lost. */
  unsure = false;
  /** Resolves when it is killed. */
  readonly killed: Promise<void>;
  #dead = false;
  #calls = 0;
  readonly #weather: Weather;
  readonly #kill: () => void;
  readonly #limit: Event;
  /** Calls take no time at all. */
  readonly quick: boolean;

  constructor(
    scheduler: Scheduler,
    name: string,
    weather: Weather,
    options: { limit: number; quick: boolean },
  ) {
    const killed = Promise.withResolvers<void>();
    this.name = name;
    this.scheduler = scheduler;
    this.begun = scheduler.step;
    this.begun_at = scheduler.now;
    this.killed = killed.promise;
    this.#weather = weather;
    this.#kill = killed.resolve;
    this.quick = options.quick;
    this.#limit = scheduler.after(options.limit, () => this.kill());
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** It has been answered. */
  end(): void {
    this.#limit.cancel();
  }

  /** It goes no further. */
  kill(): void {
    this.#dead = true;
    this.#kill();
  }

  /** Lets `ms` pass; never ends if the request is killed meanwhile. */
  async pause(ms: number): Promise<void> {
    if (this.#dead) return never();
    if (this.quick) return;
    await this.scheduler.sleep(ms);
    if (this.#dead) return never();
  }

  /** Never ends if the request has been killed. */
  alive(): Promise<void> {
    return this.#dead ? never() : Promise.resolve();
  }

  /** The next call: what is wrong with it, and how long it takes each way. */
  next(): { trouble: Trouble | undefined; there: number; back: number } {
    const { troubles, seed } = this.#weather;
    const call = this.#calls++;
    const trouble = troubles.find((one) => call >= one.call && call < one.call + one.calls);
    const leg = (way: number) => (seed === 0 ? 1 : 1 + Math.floor(mixed(seed, call, way) * LONGEST_LEG_MS));
    const slow = (when: 'before' | 'after') =>
      trouble?.what === 'slow' && trouble.when === when ? trouble.ms : 0;
    return { trouble, there: leg(0) + slow('before'), back: leg(1) + slow('after') };
  }

  /** Makes a call that either happens or not: `work` is it. */
  async call<T>(work: () => Promise<T>, failures: Failures): Promise<T> {
    const { trouble, there, back } = this.next();
    await this.pause(there);
    if (trouble?.when === 'before' || trouble?.what === 'late') {
      if (trouble.what === 'die') this.kill();
      if (trouble.what !== 'slow') this.unsure = true;
      if (trouble.what === 'fail' || trouble.what === 'reset') throw failures.before(trouble.what);
      if (trouble.what === 'late') {
        // Whatever comes of it, nobody hears it.
        this.scheduler.after(trouble.ms, () => void work().catch(() => undefined));
        await this.pause(GIVEN_UP_MS);
        throw failures.before('late');
      }
    }
    if (this.#dead) return never();
    const [result] = await Promise.allSettled([work()]);
    if (trouble?.when === 'after' && trouble.what === 'die') this.kill();
    await this.pause(back);
    if (trouble?.when === 'after' && (trouble.what === 'fail' || trouble.what === 'reset')) {
      this.unsure = true;
      throw failures.after(trouble.what);
    }
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }
}
