/** What the benchmark is told on the command line. */
import { Help } from '../../scripts/command-line.ts';
import { parseArgs } from 'node:util';
import { CAPACITY, IDLE, INSIDE, SCENARIOS } from './scenarios.ts';
import type { CapacityLoad, Scenario } from './scenarios.ts';
import { capacitySystems, systemsOf } from './systems.ts';
import type { System } from './systems.ts';

export interface RelayBenchOptions {
  quick: boolean;
  /** The results as one JSON array, and no table. */
  json: boolean;
  systems: readonly System[];
  scenarios: readonly Scenario[];
  /** Whether the memory of idle connections is measured. */
  idle: boolean;
  /** Whether the time inside our own process is measured. */
  inside: boolean;
  /** The loads of which it is measured how much one core carries. */
  capacity: readonly CapacityLoad[];
  /** Interleaved rounds, each of which measures every system once. */
  rounds: number;
  /** Measured seconds of a run; what comes before, to warm up, is a part of that. */
  seconds: number;
  /** Where the picture is written. */
  chart: string | undefined;
}

export const USAGE = `npm run bench:relay -- [options]
  --quick          Anteroom and naive ws with bufferutil alone, short runs: under a minute
  --only <text>    systems or scenarios whose name has this text; may be given several times
  --tls            over TLS as well as plain
  --rounds <n>     interleaved rounds, 1 to 100 (default 5; 2 with --quick)
  --seconds <s>    measured seconds of each run, 0.1 to 600 (default 2; 0.5 with --quick)
  --inside         only how long a frame is inside our process, at an idle relay
  --capacity       only what one core carries in rooms of poses and of video, and what it costs
  --json           the results as one JSON array on the standard output
  --chart <file>   a picture of the CPU time for each delivery, SVG
  --help           this text`;

function numberOf(
  name: string,
  text: string | undefined,
  fallback: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new TypeError(`--${name} takes a number from ${least} to ${most}, not ${text}`);
  }
  return value;
}

interface Chosen {
  systems: readonly System[];
  scenarios: readonly Scenario[];
  idle: boolean;
  inside: boolean;
  capacity: readonly CapacityLoad[];
}

/** Texts that fit systems choose among these, those that fit scenarios among those: what no text fits is left whole. */
function chosen(texts: readonly string[], all: Chosen): Chosen {
  const has = (name: string, text: string): boolean => name.toLowerCase().includes(text.toLowerCase());
  const scenario_names = [
    ...all.scenarios.map(({ name }) => name),
    ...(all.idle ? [IDLE.name] : []),
    ...(all.inside ? INSIDE.map(({ name }) => name) : []),
    ...all.capacity.map(({ name }) => name),
  ];
  const system_texts = texts.filter((text) => all.systems.some(({ name }) => has(name, text)));
  const scenario_texts = texts.filter((text) => scenario_names.some((name) => has(name, text)));
  for (const text of texts) {
    if (system_texts.includes(text) || scenario_texts.includes(text)) continue;
    throw new TypeError(
      `--only ${text}: no such system or scenario. There are ${[...all.systems.map(({ name }) => name), ...scenario_names].join(', ')}`,
    );
  }
  const fits = (name: string, among: readonly string[]): boolean =>
    among.length === 0 || among.some((text) => has(name, text));
  return {
    systems: all.systems.filter(({ name }) => fits(name, system_texts)),
    scenarios: all.scenarios.filter(({ name }) => fits(name, scenario_texts)),
    idle: all.idle && fits(IDLE.name, scenario_texts),
    inside: all.inside && INSIDE.some(({ name }) => fits(name, scenario_texts)),
    capacity: all.capacity.filter(({ name }) => fits(name, scenario_texts)),
  };
}

/** What is measured where `--inside`, `--capacity` or both are given. */
function alone(
  systems: readonly System[],
  { inside, capacity }: { inside: boolean; capacity: boolean },
): Chosen {
  return {
    systems: capacity ? capacitySystems(systems) : [],
    scenarios: [],
    idle: false,
    inside,
    capacity: capacity ? CAPACITY : [],
  };
}

/** Throws a `TypeError` with a sentence for people, or {@link Help}. */
export function relayBenchOptions(args: readonly string[]): RelayBenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      tls: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      inside: { type: 'boolean', default: false },
      capacity: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      chart: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Help(USAGE);
  const { quick, json, chart } = values;
  const systems = systemsOf({ quick, tls: values.tls });
  const rounds = numberOf('rounds', values.rounds, quick ? 2 : 5, 1, 100);
  if (!Number.isInteger(rounds)) throw new TypeError(`--rounds takes a whole number, not ${values.rounds}`);
  for (const name of ['inside', 'capacity'] as const) {
    if (values[name] && values.only.length > 0) throw new TypeError(`--${name} goes without --only`);
  }
  if (chart === '') throw new TypeError('--chart takes the name of a file');
  return {
    quick,
    json,
    chart,
    rounds,
    seconds: numberOf('seconds', values.seconds, quick ? 0.5 : 2, 0.1, 600),
    // A quick run is about speed: ten thousand handshakes take as long as all the rest of it.
    ...(values.inside || values.capacity
      ? alone(systems, values)
      : chosen(values.only, {
          systems,
          scenarios: SCENARIOS,
          idle: !quick,
          inside: !quick,
          capacity: quick ? [] : CAPACITY,
        })),
  };
}
