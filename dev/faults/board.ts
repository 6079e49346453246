/** The faults of a stack: what can be done to what, and what is in force. It knows no sockets and no processes. */

/** The number that a mode takes. */
export interface Argument {
  name: 'ms' | 'share';
  least: number;
  most: number;
  /** Taken where none is given; without it one must be given. */
  fallback?: number;
}

export interface Mode {
  /** For people. */
  about: string;
  argument?: Argument;
  /** The mode that ends this one; without it this one is over at once, and `for_ms` makes no sense. */
  ends_with?: string;
  /** Why it cannot be done in this stack, and the way out. */
  missing?: string | undefined;
  /** May return what to say. Throws a sentence when it cannot be done now. */
  apply: (value: number) => Promise<string | undefined> | string | undefined;
}

export interface Target {
  name: string;
  /** Another name by which it may be called. */
  alias?: string;
  about: string;
  /** What is in force now, for people. */
  state: () => string;
  modes: Readonly<Record<string, Mode>>;
}

/** What somebody wants done. */
export interface Order {
  target: string;
  mode: string;
  /** Milliseconds or a share from 0 to 1, as the mode has it. */
  value?: number | undefined;
  /** How long, until the mode that ends this one. */
  for_ms?: number | undefined;
}

export interface TargetState {
  target: string;
  state: string;
  about: string;
  modes: { mode: string; about: string; argument: string | undefined; missing: string | undefined }[];
  /** What happens by itself, and in how many ms. */
  next: { mode: string; in_ms: number }[];
}

/** An order that cannot be carried out. The message names what is wrong and the way out. */
export class FaultError extends Error {
  override name = 'FaultError';
}

export interface FaultBoard {
  list(): TargetState[];
  /** Carries out `order`; resolves, when it is in force, to a sentence. Throws {@link FaultError}. */
  order(order: Order): Promise<string>;
  stop(): void;
}

/** A timer takes no more (2^31 - 1 ms). */
const LONGEST_MS = 24 * 3_600_000;

const sayArgument = ({ name, least, most, fallback }: Argument): string => {
  const needed = `<${name} ${least}–${most}>`;
  return fallback === undefined ? needed : `[${needed}]`;
};

function valueOf(order: Order, { argument }: Mode): number {
  const { target, mode, value } = order;
  if (argument === undefined) {
    if (value !== undefined) throw new FaultError(`${mode} takes no number: "${target} ${mode}"`);
    return 0;
  }
  const { name, least, most, fallback } = argument;
  const number = value ?? fallback;
  if (number === undefined || !(number >= least && number <= most)) {
    const what = name === 'ms' ? 'a number of milliseconds' : 'a share';
    const example = name === 'ms' ? 500 : 0.5;
    throw new FaultError(
      `${mode} needs ${what} from ${least} to ${most}, such as "${target} ${mode} ${example}"`,
    );
  }
  return number;
}

/** `targets`: those that there are at this moment. `print`: what happens later by itself. */
export function faultBoard(targets: () => Target[], print: (line: string) => void): FaultBoard {
  /** By target and the mode that comes. */
  const timers = new Map<string, { timer: NodeJS.Timeout; at: number; target: string; mode: string }>();
  const keyOf = (target: string, mode: string): string => `${target} ${mode}`;

  function find(name: string): Target {
    const all = targets();
    const found = all.find((target) => target.name === name || target.alias === name);
    if (found !== undefined) return found;
    const names = all.map((target) => target.name).join(', ');
    throw new FaultError(`there is no target "${name}" now. There are: ${names}`);
  }

  function cancel(key: string): void {
    clearTimeout(timers.get(key)?.timer);
    timers.delete(key);
  }

  function later(target: string, mode: string, ms: number): void {
    const key = keyOf(target, mode);
    const end = (): void => {
      timers.delete(key);
      order({ target, mode }).then(
        (said) => print(`fault: ${said}`),
        // A task that has ended meanwhile has nothing to end any more.
        (error: unknown) => print(`fault: ${target} ${mode}: ${(error as Error).message}`),
      );
    };
    timers.set(key, { timer: setTimeout(end, ms), at: performance.now() + ms, target, mode });
  }

  async function order(wanted: Order): Promise<string> {
    const { mode: name, for_ms } = wanted;
    const target = find(wanted.target);
    const mode = Object.hasOwn(target.modes, name) ? target.modes[name] : undefined;
    if (mode === undefined) {
      const known = Object.keys(target.modes).join(', ');
      throw new FaultError(`${target.name} has no mode "${name}". It has: ${known}`);
    }
    const value = valueOf({ ...wanted, target: target.name }, mode);
    if (for_ms !== undefined) {
      if (mode.ends_with === undefined) {
        throw new FaultError(`${name} is over at once: leave out how long`);
      }
      if (!(for_ms > 0 && for_ms <= LONGEST_MS)) {
        throw new FaultError('how long must be more than 0 and at most 24h');
      }
    }
    if (mode.missing !== undefined) throw new FaultError(mode.missing);
    // Whatever was to end what is in force must not end what is wanted now.
    cancel(keyOf(target.name, mode.ends_with ?? name));
    const said = await mode.apply(value);
    if (for_ms !== undefined) later(target.name, mode.ends_with!, for_ms);
    const shown = mode.argument === undefined ? '' : ` ${value}${mode.argument.name === 'ms' ? ' ms' : ''}`;
    const until = for_ms === undefined ? '' : ` for ${for_ms / 1_000} s`;
    const note = said === undefined ? '' : ` (${said})`;
    return `${target.name} ${name}${shown}${until}${note}`;
  }

  return {
    list: () =>
      targets().map(({ name, about, state, modes }) => ({
        target: name,
        state: state(),
        about,
        modes: Object.entries(modes).map(([mode, { about: does, argument, missing }]) => ({
          mode,
          about: does,
          argument: argument === undefined ? undefined : sayArgument(argument),
          missing,
        })),
        next: [...timers.values()]
          .filter((timer) => timer.target === name)
          .map(({ mode, at }) => ({ mode, in_ms: Math.max(0, Math.round(at - performance.now())) })),
      })),
    order,
    stop() {
      for (const key of timers.keys()) cancel(key);
    },
  };
}
