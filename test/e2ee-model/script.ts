/** What is tried: a sealed room, and the steps that are taken in it, whether or not those before are done. */
import fc from 'fast-check';

export type Action =
  /** A client comes to a place where nobody is. */
  | { do: 'join'; who: number }
  /** BYE, and then the relay says that it is gone. */
  | { do: 'leave'; who: number }
  /** The process is gone; the relay says so when the time to come back is over. */
  | { do: 'vanish'; who: number }
  /** The relay says that it is gone, and goes on handing it all that it can. */
  | { do: 'expel'; who: number }
  | { do: 'cut'; who: number }
  | { do: 'return'; who: number }
  /** Its new connection takes the place of the old one before the relay has noticed anything. */
  | { do: 'replace'; who: number }
  | { do: 'reload'; who: number; noticed: boolean }
  /** The task is killed; each comes back so many ms later. */
  | { do: 'kill'; back: readonly number[] }
  | { do: 'say'; who: number; to: number | undefined; count: number }
  | { do: 'pose'; who: number; to: number | undefined }
  | { do: 'sleep'; who: number; ms: number }
  /** Its clock is set. */
  | { do: 'jump'; who: number; ms: number };

export interface Step {
  /** ms since the step before; 0: but so many turns of the event loop, whatever is under way. */
  wait: number;
  turns: number;
  action: Action;
}

/** What a hostile relay does to frames: how many of a thousand. */
export interface Weather {
  drop: number;
  repeat: number;
  delay: number;
  /** Hands out one of before, too. */
  stale: number;
  spoil: number;
  /** Does not say that somebody left for a while, or came. */
  hush: number;
}

export const FAIR: Weather = { drop: 0, repeat: 0, delay: 0, stale: 0, spoil: 0, hush: 0 };

export interface Script {
  /** Of everything that chance decides in the room. */
  seed: number;
  /** Members when the steps begin. */
  opening: number;
  /** Undefined: an honest relay. */
  weather: Weather | undefined;
  /** Calls of the encryption take so many turns of the event loop at most. */
  turns: number;
  /** The longest way to the relay, or back, ms. */
  latency: number;
  steps: readonly Step[];
}

export const PLACES = 8;

const who = fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, { weight: 2, arbitrary: fc.nat(PLACES - 1) });
const to = fc.option(who, { nil: undefined, freq: 2 });
const of = <T extends Action['do']>(name: T): fc.Arbitrary<T> => fc.constant(name);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: of('join'), who }) },
  { weight: 2, arbitrary: fc.record({ do: of('leave'), who }) },
  { weight: 1, arbitrary: fc.record({ do: of('vanish'), who }) },
  { weight: 1, arbitrary: fc.record({ do: of('expel'), who }) },
  { weight: 4, arbitrary: fc.record({ do: of('cut'), who }) },
  { weight: 4, arbitrary: fc.record({ do: of('return'), who }) },
  { weight: 2, arbitrary: fc.record({ do: of('replace'), who }) },
  { weight: 2, arbitrary: fc.record({ do: of('reload'), who, noticed: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: of('kill'), back: fc.array(fc.nat(3_000), { minLength: 8, maxLength: 8 }) }),
  },
  { weight: 8, arbitrary: fc.record({ do: of('say'), who, to, count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ do: of('pose'), who, to }) },
  { weight: 1, arbitrary: fc.record({ do: of('sleep'), who, ms: fc.integer({ min: 100, max: 12_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: of('jump'), who, ms: fc.constantFrom(-1_500, -40, 60_000, 3_600_000) }),
  },
);

const step: fc.Arbitrary<Step> = fc.record({
  wait: fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.nat(200) },
    { weight: 3, arbitrary: fc.nat(2_500) },
    { weight: 1, arbitrary: fc.nat(35_000) },
  ),
  turns: fc.nat(6),
  action,
});

const often = fc.constantFrom(0, 0, 30, 120, 300);
const seldom = fc.constantFrom(0, 0, 10, 50);
const weather: fc.Arbitrary<Weather> = fc.record({
  drop: often,
  repeat: often,
  delay: often,
  stale: seldom,
  spoil: seldom,
  hush: fc.constantFrom(0, 0, 0, 200),
});

export const scripts = (hostile: boolean): fc.Arbitrary<Script> =>
  fc.record({
    seed: fc.nat(1e9),
    opening: fc.integer({ min: 1, max: 5 }),
    weather: hostile ? weather : fc.constant(undefined),
    turns: fc.constantFrom(0, 0, 1, 3),
    latency: fc.constantFrom(0, 0, 20, 150),
    steps: fc.array(step, { maxLength: 30, size: 'max' }),
  });

export function describeStep({ wait, turns, action }: Step): string {
  const { do: verb, ...fields } = action;
  const rest = Object.entries(fields).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `${wait === 0 ? `${turns} turns` : `${wait} ms`} later: ${verb} ${rest.join(', ')}`;
}
