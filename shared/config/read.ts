/**
 * Reads settings from environment variables: each variable once, strictly, and all faults at once.
 */
import leven from 'leven';

/** What is wrong with the environment: every fault, one a line. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The configuration is not usable:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.faults = faults;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** One setting: how its text is read and what holds when it is not set. `read` throws a sentence without the name. */
export interface Setting<T> {
  /** What the table in the README says. */
  readonly about: string;
  readonly fallback: T | undefined;
  readonly required: boolean;
  /** How the default is shown to people, where `String(fallback)` would not do. */
  readonly shown?: string;
  read(text: string): T;
}

type Values<S> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function fail(sentence: string): never {
  throw new Error(sentence);
}

/** A whole number between `min` and `max`. */
export function integer(about: string, fallback: number, min: number, max: number): Setting<number> {
  return {
    about,
    fallback,
    required: false,
    read(text) {
      const value = /^-?[0-9]{1,15}$/.test(text) ? Number(text) : NaN;
      if (!(value >= min && value <= max)) fail(`must be a whole number from ${min} to ${max}`);
      return value;
    },
  };
}

/** A duration such as `30s`, `500ms`, `24h`; a bare number is seconds. The value is milliseconds. */
export function duration(about: string, shown: string, min: string, max: string): Setting<number> {
  const parse = (text: string): number => {
    const match = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|s|m|h|d)?$/.exec(text);
    return match === null ? NaN : Math.round(Number(match[1]) * UNITS[match[2] ?? 's']!);
  };
  const lowest = parse(min);
  const highest = parse(max);
  return {
    about,
    fallback: parse(shown),
    shown,
    required: false,
    read(text) {
      const value = parse(text);
      if (!(value >= lowest && value <= highest)) {
        fail(
          `must be a duration from ${min} to ${max}, such as ${shown} (ms, s, m, h, d; a bare number is seconds)`,
        );
      }
      return value;
    },
  };
}

/** So many places, and so many percent of the rooms in use besides. */
export interface Margin {
  places: number;
  percent: number;
}

/** Free places such as `20`, `10%` of the rooms in use, or both together: `20+10%`. */
export function margin(about: string, shown: string): Setting<Margin> {
  const read = (text: string): Margin => {
    const match = /^(?:([0-9]{1,8})(?:\+([0-9]{1,3})%)?|([0-9]{1,3})%)$/.exec(text);
    if (match === null) fail('must be places such as 20, a part of the rooms in use such as 10%, or 20+10%');
    return { places: Number(match[1] ?? 0), percent: Number(match[2] ?? match[3] ?? 0) };
  };
  return { about, fallback: read(shown), shown, required: false, read };
}

/** Words separated by commas, each of which fits `pattern`; none if unset. */
export function list(about: string, pattern: RegExp, form: string): Setting<string[]> {
  return {
    about,
    fallback: [],
    required: false,
    read(text) {
      const entries = text.split(',').map((entry) => entry.trim());
      if (!entries.every((entry) => pattern.test(entry))) fail(`must be ${form}, separated by commas`);
      return entries;
    },
  };
}

/** One of a few words. */
export function choice<const T extends string>(about: string, words: readonly T[], fallback?: T): Setting<T> {
  return {
    about,
    fallback,
    required: fallback === undefined,
    read: (text) => words.find((word) => word === text) ?? fail(`must be one of ${words.join(', ')}`),
  };
}

/** Like {@link choice}, but may be left unset. */
export function optionalChoice<const T extends string>(
  about: string,
  words: readonly T[],
): Setting<T | undefined> {
  return { ...choice<T>(about, words), fallback: undefined, required: false };
}

/** Some of a few words, separated by commas. */
export function words<const T extends string>(
  about: string,
  known: readonly T[],
  shown: string,
): Setting<T[]> {
  const read = (text: string): T[] => {
    const list = text.split(',').map((entry) => known.find((candidate) => candidate === entry.trim()));
    const words = new Set(list.filter((word) => word !== undefined));
    if (words.size < list.length) fail(`must be some of ${known.join(', ')}, each once, separated by commas`);
    return [...words];
  };
  return { about, fallback: read(shown), shown, required: false, read };
}

/** `true` or `false`. */
export function flag(about: string, fallback: boolean): Setting<boolean> {
  return {
    about,
    fallback,
    required: false,
    read: (text) => (text === 'true' ? true : text === 'false' ? false : fail('must be true or false')),
  };
}

/** Text that must be there. */
export function text(about: string, pattern = /^.+$/, form = 'must not be empty'): Setting<string> {
  return {
    about,
    fallback: undefined,
    required: true,
    read: (value) => (pattern.test(value) ? value : fail(form)),
  };
}

/** Text that may be left unset. */
export function optionalText(
  about: string,
  pattern = /^.+$/,
  form = 'must not be empty',
): Setting<string | undefined> {
  return { ...text(about, pattern, form), required: false };
}

/** Comma-separated origins (`https://app.example`), or `*`. */
export function origins(about: string, fallback: string): Setting<string[]> {
  const read = (value: string): string[] => {
    const list = value.split(',').map((entry) => entry.trim());
    for (const entry of list) {
      if (entry !== '*' && !/^https?:\/\/[^/\s*]+$/.test(entry)) {
        fail('must be origins such as https://app.example, separated by commas, or *');
      }
    }
    return list;
  };
  return { about, fallback: read(fallback), shown: fallback, required: false, read };
}

/** Variables that look like a misspelt setting: only names of two words or more, so that no one else's are taken for ours. */
function misspelt(env: Environment, names: readonly string[], known: ReadonlySet<string>): string[] {
  const faults: string[] = [];
  for (const variable of Object.keys(env)) {
    if (known.has(variable) || !variable.includes('_')) continue;
    const meant = names.find((name) => name.includes('_') && leven(variable.toUpperCase(), name) <= 1);
    if (meant !== undefined) faults.push(`${variable} is not a setting: did you mean ${meant}?`);
  }
  return faults;
}

/**
 * Reads `settings` from `env`. An empty variable counts as unset. Throws {@link ConfigError} with every fault, those of
 * `check` (relations between settings) included.
 */
export function readSettings<S extends Record<string, Setting<unknown>>>(
  env: Environment,
  settings: S,
  check: (values: Values<S>) => string[] = () => [],
): Values<S> {
  const names = Object.keys(settings);
  const faults = misspelt(env, names, new Set(names));
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const given = env[name];
    if (given === undefined || given === '') {
      if (setting.required) faults.push(`${name} is not set: ${setting.about}`);
      values[name] = setting.fallback;
      continue;
    }
    try {
      values[name] = setting.read(given);
    } catch (error) {
      faults.push(`${name} ${(error as Error).message}, not ${JSON.stringify(given)}`);
    }
  }
  if (faults.length === 0) faults.push(...check(values as Values<S>));
  if (faults.length > 0) throw new ConfigError(faults);
  return values as Values<S>;
}
