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
  /** SIGTERM. */
  | { do: 'stop'; task: number }
  | { do: 'start'; room_capacity: number }
  /** The fleet's API fails. */
  | { do: 'fleet'; ms: number };

export interface NewGuest {
  /** How long after its grant it connects, ms; -1: it does not. */
  follow: number;
  /** It comes back by itself when its connection breaks. */
  loyal: boolean;
  /** Asks with an idempotency key. */
  keyed: boolean;
}

export interface Step {
  /** ms since the step before. */
  wait: number;
  action: Action;
}

export interface Script extends TownOptions {
  capacities: number[];
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

const pick = fc.nat(7);
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
  { weight: 8, arbitrary: fc.record({ do: fc.constant('join'), room: fc.nat(3), guest, weather }) },
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
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sweep'), weather }) },
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
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('start'), room_capacity: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fleet'), ms: away }) },
);

const wait = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0) },
  { weight: 6, arbitrary: fc.nat(60) },
  { weight: 3, arbitrary: fc.nat(3_000) },
  { weight: 3, arbitrary: fc.nat(40_000) },
  // A room lives five minutes, from when it is created or extended.
  { weight: 1, arbitrary: fc.integer({ min: 285_000, max: 302_000 }) },
  { weight: 1, arbitrary: fc.nat(320_000) },
);

export const scripts: fc.Arbitrary<Script> = fc.record({
  seed: fc.nat(1_000_000),
  max_rooms: fc.integer({ min: 1, max: 3 }),
  hasty: fc.boolean(),
  skews: fc.array(fc.constantFrom(0, -1, 1), { maxLength: 3 }),
  heartbeats: fc.array(taskWeather, { maxLength: 8 }),
  removals: fc.array(taskWeather, { maxLength: 6 }),
  capacities: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
  steps: fc.array(fc.record({ wait, action }), { minLength: 1, maxLength: 30, size: 'max' }),
});
