/** Days: when rooms are asked for, how long they last, and when no machine is to be had. Instants in ms since midnight. */
import { exponential, logNormal, normal, streamOf, uniform, type Fraction } from './distributions.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** An event (a talk, a match) ends at `at`, and of the day's rooms `share` are asked for right after it. */
export interface EventEnd {
  at: number;
  share: number;
}

export interface Span {
  from: number;
  to: number;
}

export interface DayPlan {
  name: string;
  about: string;
  /** Rate of creates at each full hour, relative to each other; linear between. */
  hourly: readonly number[];
  /** Calls that a calendar has: this share of the day's rooms is asked for around the full hours `from` to `to`. */
  calendar: { share: number; from: number; to: number };
  events: readonly EventEnd[];
  /** When every launch fails. */
  no_capacity: readonly Span[];
}

/** Calls of a calendar begin so far before or after the hour (standard deviation). */
const CALENDAR_SIGMA = 75 * SECOND;
/** After an event rooms come at once, then fewer and fewer: this is their mean delay. */
const EVENT_DELAY = 60 * SECOND;
/**
 * How long rooms last, once they are open: in one of four somebody only looked in (exponential, 90 s); the others are
 * log-normal with a median of 20 minutes, the form that telephone calls have (V. A. Bolotin, Modeling call holding time
 * distributions, IEEE JSAC 12(3), 1994). Half a day at most. The mean is 23 minutes.
 */
const LIFETIME = { glances: 0.25, glance: 90 * SECOND, median: 20 * MINUTE, sigma: 0.9, most: 12 * HOUR };

/** Least at four in the morning, most at eight in the evening, twelve times as much. */
const HOURLY = [
  30, 20, 14, 10, 8.3, 9, 12, 20, 34, 46, 54, 60, 62, 60, 58, 60, 64, 70, 80, 92, 100, 92, 70, 46,
];

const QUIET: DayPlan = {
  name: 'quiet-day',
  about: 'a curve with its peak at eight in the evening, and calls that begin at the full hour',
  hourly: HOURLY,
  calendar: { share: 0.03, from: 8, to: 22 },
  events: [],
  no_capacity: [],
};

export const DAYS: readonly DayPlan[] = [
  {
    ...QUIET,
    name: 'event-day',
    about: `${QUIET.about}; events end at 12:00, 18:00 and 21:00, and from 15:10 to 15:20 no machine is to be had`,
    events: [
      { at: 12 * HOUR, share: 0.001 },
      { at: 18 * HOUR, share: 0.002 },
      { at: 21 * HOUR, share: 0.004 },
    ],
    no_capacity: [{ from: 15 * HOUR + 10 * MINUTE, to: 15 * HOUR + 20 * MINUTE }],
  },
  QUIET,
];

/** Rooms in the order in which they are asked for. */
export interface Arrivals {
  at: Float64Array;
  /** How long each lasts from when it is open, ms. */
  lasts: Float64Array;
}

/** Draws an instant of the day by the curve: a table of its integral, by minutes. */
function curve({ hourly }: DayPlan): (fraction: Fraction) => number {
  const rate = (minute: number): number => {
    const hour = Math.floor(minute / 60);
    const part = (minute % 60) / 60;
    return hourly[hour % 24]! * (1 - part) + hourly[(hour + 1) % 24]! * part;
  };
  const until = new Float64Array(24 * 60 + 1);
  for (let minute = 0; minute < 24 * 60; minute++) until[minute + 1] = until[minute]! + rate(minute);
  const all = until[24 * 60]!;
  return (fraction) => {
    const wanted = fraction() * all;
    let low = 0;
    let high = 24 * 60;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (until[middle]! <= wanted) low = middle;
      else high = middle;
    }
    return (low + (wanted - until[low]!) / (until[high]! - until[low]!)) * MINUTE;
  };
}

/** `rooms` instants of one day, in no order. */
function instants(day: DayPlan, rooms: number, fraction: Fraction): Float64Array {
  const at = new Float64Array(rooms);
  let next = 0;
  for (const event of day.events) {
    for (let n = Math.round(event.share * rooms); n > 0; n--)
      at[next++] = event.at + exponential(fraction, EVENT_DELAY);
  }
  const { share, from, to } = day.calendar;
  const hours = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const weight = hours.reduce((sum, hour) => sum + day.hourly[hour % 24]!, 0);
  for (const hour of hours) {
    const calls = Math.round((share * rooms * day.hourly[hour % 24]!) / weight);
    for (let n = calls; n > 0; n--) at[next++] = hour * HOUR + normal(fraction) * CALENDAR_SIGMA;
  }
  const draw = curve(day);
  while (next < rooms) at[next++] = draw(fraction);
  return at;
}

/**
 * What is asked for from `warm_up` before midnight (of a day before that was like this one) to the midnight after: `rooms`
 * of them in the day itself, give or take what falls on its edges.
 */
export function arrivalsOf(day: DayPlan, rooms: number, seed: number, warm_up: number): Arrivals {
  const when = streamOf(seed, 1);
  const before = instants(day, rooms, when).map((at) => at - DAY);
  const at = Float64Array.from([
    ...before.filter((instant) => instant >= -warm_up && instant < 0),
    ...instants(day, rooms, when).filter((instant) => instant >= 0 && instant < DAY),
  ]).sort();
  const how_long = streamOf(seed, 2);
  return { at, lasts: at.map(() => lifetime(how_long)) };
}

function lifetime(fraction: Fraction): number {
  const { glances, glance, median, sigma, most } = LIFETIME;
  const drawn = fraction() < glances ? exponential(fraction, glance) : logNormal(fraction, median, sigma);
  return Math.min(drawn, most);
}

/** How long a launched task takes until it is READY. */
export interface BootTime {
  from: number;
  to: number;
}

/** Fargate: 30 to 70 s. A GPU instance out of a warm pool, and the application on it: 2 to 6 minutes. Evenly distributed. */
export const BOOT: Readonly<Record<'relay' | 'render', BootTime>> = {
  relay: { from: 30 * SECOND, to: 70 * SECOND },
  render: { from: 2 * MINUTE, to: 6 * MINUTE },
};

export const bootTime = ({ from, to }: BootTime, fraction: Fraction): number => uniform(fraction, from, to);
export const meanBoot = ({ from, to }: BootTime): number => (from + to) / 2;
