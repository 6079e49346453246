/** What the benchmark is told on the command line. */
import { parseArgs } from 'node:util';
import { Help } from '../../scripts/command-line.ts';
import type { SoakPlan } from './soak.ts';
import { VIDEO, type VideoPlan } from './video.ts';

export interface SlowOptions {
  /** Of the measured span. */
  seconds: number;
  /** Bytes a second of the throttled receivers. */
  rates: number[];
  /** All receivers in one room, in place of a room each. */
  together: boolean;
  video: VideoPlan;
  /** Minutes of standing still, in place of the table. */
  soak: SoakPlan | undefined;
  json: boolean;
}

export const USAGE = `npm run bench:slow -- [options]
  --seconds <n>      how long is measured (20)
  --rates <list>     kB/s of the throttled receivers (40,60,90)
  --together         all receivers in one room, in place of a room with a fast one each
  --shares <list>    percent of the bytes in layers 0, 1, 2 (40,20,40)
  --keyframe <n>     bytes of a keyframe, as a multiple of a mean frame (5)
  --minutes <n>      in place of all that: receivers stand still for so long; ends with 1 if the relay's memory grows
  --stalled <n>      percent of the receivers that do (30)
  --rooms <n>        rooms (5), and
  --receivers <n>    receivers in each (10) while they do
  --json             the results as JSON on the standard output
  --help             this text`;

function numberOf(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new TypeError(`--${name} takes a number from ${least} to ${most}, not ${text}`);
  }
  return value;
}

function sharesOf(text: string): [number, number, number] {
  const shares = text.split(',').map((share) => numberOf('shares', share, 0, 100) / 100);
  const sum = shares.reduce((a, b) => a + b, 0);
  if (shares.length !== 3 || Math.abs(sum - 1) > 0.001) {
    throw new TypeError(`--shares takes three percentages that make 100, not ${text}`);
  }
  return [shares[0]!, shares[1]!, shares[2]!];
}

/** Throws a `TypeError` with a sentence for people, or {@link Help}. */
export function slowOptions(args: readonly string[]): SlowOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '20' },
      rates: { type: 'string', default: '40,60,90' },
      together: { type: 'boolean', default: false },
      shares: { type: 'string', default: VIDEO.shares.map((share) => share * 100).join(',') },
      keyframe: { type: 'string', default: String(VIDEO.keyframe) },
      minutes: { type: 'string' },
      stalled: { type: 'string', default: '30' },
      rooms: { type: 'string', default: '5' },
      receivers: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Help(USAGE);
  return {
    seconds: numberOf('seconds', values.seconds, 1, 3_600),
    rates: values.rates.split(',').map((rate) => numberOf('rates', rate, 1, 100_000) * 1_000),
    together: values.together,
    video: {
      ...VIDEO,
      shares: sharesOf(values.shares),
      keyframe: numberOf('keyframe', values.keyframe, 1, 15),
    },
    soak:
      values.minutes === undefined
        ? undefined
        : {
            minutes: numberOf('minutes', values.minutes, 0.1, 1_440),
            stalled: numberOf('stalled', values.stalled, 0, 100),
            rooms: numberOf('rooms', values.rooms, 1, 100),
            receivers: numberOf('receivers', values.receivers, 1, 400),
          },
    json: values.json,
  };
}
