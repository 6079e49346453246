/** What is tried: a town, and the steps that are taken in it one after the other, whether or not those before are done. */
import fc from 'fast-check';
import type { Trouble, Weather } from './trouble.ts';
import type { TownOptions } from './town.ts';

export type Action =
  | { do: 'create'; max_clients: number; guest: NewGuest; weather: Weather }
  | { do: 'join'; room: number; guest: NewGuest; weather: Weather }
  /** An earlier create or join with a key, sent again. */
  | { do: 'repeat'; of: number; guest: NewGuest; weather: Weather }
  | { do: 'resume'; who: number; follow: number; weather: Weather }
  | { do: 'connect'; who: number }
  | { do: 'break'; who: number }
  | { do: 'leave'; who: number }
  | { do: 'sweep'; weather: Weather }
  /** The process is gone; the fleet learns it `lag` ms later, or forgets the task. */
  | { do: 'crash'; task: number; lag: number; forgotten: boolean }
  /** Its process is gone, and another under the same id comes, at the same address or not. */
  | { do: 'restart'; task: number; moved: boolean; after: number }
  | { do: 'freeze'; task: number; ms: number }
  /** No way between the task and the router. */
  | { do: 'cut'; task: number; ms: number }
  /** SIGINT. */
  | { do: 'stop'; task: number }
  /** SIGTERM of the fleet, which then knows that it stops, or `POST /drain`. */
  | { do: 'drain'; task: number; by_fleet: boolean }
  | { do: 'start'; room_capacity: number }
  /** Its calls do not reach the router, which reaches it; the fleet may have forgotten it. */
  | { do: 'mute'; task: number; ms: number; forgotten: boolean }
  /** The fleet's API fails. */
  | { do: 'fleet'; ms: number };

/** What there is when the steps begin. */
export interface Opening {
  /** Rooms of three seats: how many clients of each are connected. */
  rooms: number[];
  /** How long ago they came, ms. */
  age: number;
}

export interface NewGuest {
  /** How long after its grant it connects, ms; -1: it does not. */
  follow: number;
  /** It comes back by itself when its connection breaks. */
  loyal: boolean;
  /** Asks with an idempotency key. */
  keyed: boolean;
}

export const describeFollow = (ms: number): string =>
  ms < 0 ? ', never connects' : `, connects after ${ms} ms`;

export const describeGuest = ({ follow, loyal, keyed }: NewGuest): string =>
  `${describeFollow(follow)}${loyal ? ', loyal' : ''}${keyed ? ', with a key' : ''}`;

export interface Step {
  /** ms since the step before. */
  wait: number;
  action: Action;
}

export interface Script extends TownOptions {
  capacities: number[];
  opening: Opening;
  steps: Step[];
}

/** A call of a task is repeated after so long at most. */
export const LONGEST_AGAIN_MS = 20_000;

/** Mostly short, sometimes long: `steps` of growing length, the first are the likely ones. */
const duration = (...longest: number[]): fc.Arbitrary<number> =>
  fc.oneof(...longest.map((max, n) => ({ weight: longest.length - n, arbitrary: fc.nat(max) })));

const trouble: fc.Arbitrary<Trouble> = fc.record({
  call: fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, { weight: 2, arbitrary: fc.nat(14) }),
  calls: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constantFrom(2, 9) }),
  when: fc.constantFrom('before', 'after'),
  what: fc.constantFrom('fail', 'slow', 'die', 'reset', 'late'),
  ms: duration(1_600, 6_000, 14_000),
});

const weather: fc.Arbitrary<Weather> = fc.record({
  troubles: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Trouble[]>([]) },
    { weight: 2, arbitrary: fc.array(trouble, { minLength: 1, maxLength: 2 }) },
  ),
  seed: fc.nat(1_000),
  again: fc.constant(0),
});

const taskWeather: fc.Arbitrary<Weather> = fc
  .tuple(
    weather,
    fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(LONGEST_AGAIN_MS) }),
  )
  .map(([one, again]) => ({ ...one, again }));

const guest: fc.Arbitrary<NewGuest> = fc.record({
  follow: fc.oneof(
    { weight: 5, arbitrary: fc.nat(400) },
    { weight: 1, arbitrary: fc.nat(40_000) },
    { weight: 1, arbitrary: fc.constant(-1) },
  ),
  loyal: fc.boolean(),
  keyed: fc.boolean(),
});

/** Which one: mostly the same, so that much comes together on it. */
const pick = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(5) });
const away = duration(3_000, 20_000, 60_000);

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('create'),
      max_clients: fc.integer({ min: 1, max: 3 }),
      guest,
      weather,
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('join'), room: pick, guest, weather }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('repeat'), of: pick, guest, weather }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('resume'),
      who: pick,
      follow: guest.map(({ follow }) => follow),
      weather,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('connect'), who: pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('break'), who: pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('leave'), who: pick }) },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('sweep'), weather }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('crash'), task: pick, lag: away, forgotten: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('restart'), task: pick, moved: fc.boolean(), after: away }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('freeze'), task: pick, ms: away }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cut'), task: pick, ms: away }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop'), task: pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain'), task: pick, by_fleet: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('mute'), task: pick, ms: away, forgotten: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('start'), room_capacity: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fleet'), ms: away }) },
);

const soon = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(60) });
/** The time-outs of clients and leases, and a little less or more. */
const due = fc
  .tuple(fc.constantFrom(4_000, 6_000, 10_000, 15_000, 25_000, 30_000), fc.integer({ min: -120, max: 250 }))
  .map(([time_out, by]) => time_out + by);
const quick = fc.oneof({ weight: 6, arbitrary: soon }, { weight: 1, arbitrary: fc.nat(3_000) });
const middling = fc.oneof(
  { weight: 8, arbitrary: soon },
  { weight: 2, arbitrary: fc.nat(3_000) },
  { weight: 3, arbitrary: due },
  { weight: 1, arbitrary: fc.nat(60_000) },
);
const long = fc.oneof(
  { weight: 8, arbitrary: soon },
  { weight: 2, arbitrary: fc.nat(3_000) },
  { weight: 2, arbitrary: due },
  { weight: 2, arbitrary: fc.nat(60_000) },
  // A room lives five minutes, from when it is created or extended.
  { weight: 1, arbitrary: fc.integer({ min: 285_000, max: 302_000 }) },
  { weight: 1, arbitrary: fc.nat(320_000) },
);

const stepsOf = (wait: fc.Arbitrary<number>): fc.Arbitrary<Step[]> =>
  fc.array(fc.record({ wait, action }), { minLength: 1, maxLength: 25, size: 'max' });

/** `races`: much at once rather than much time, for a store on which a run takes longer. */
export const scripts = (races: boolean): fc.Arbitrary<Script> =>
  fc.record({
    seed: fc.nat(1_000_000),
    max_rooms: fc.integer({ min: 1, max: 3 }),
    hasty: fc.boolean(),
    grows: fc.boolean(),
    skews: fc.array(fc.constantFrom(0, -1, 1), { maxLength: 3 }),
    heartbeats: fc.array(taskWeather, { maxLength: 8 }),
    removals: fc.array(taskWeather, { maxLength: 6 }),
    migrations: fc.array(taskWeather, { maxLength: 6 }),
    capacities: fc.oneof(
      { weight: 7, arbitrary: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.constant<number[]>([]) },
    ),
    opening: fc.record({
      rooms: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      age: fc.constantFrom(0, 12_000, 45_000),
    }),
    steps: fc.oneof(
      { weight: races ? 6 : 2, arbitrary: stepsOf(quick) },
      { weight: 4, arbitrary: stepsOf(middling) },
      { weight: 1, arbitrary: stepsOf(long) },
    ),
  });
