/** What goes wrong in one request: at which of its calls (to the store, a task, the fleet), and how. */

/**
 * `fail`: a store is busy, a task silent, the fleet's API in error. `reset`: the connection breaks (a task counts as
 * unreachable then). `slow`: it takes `ms` longer. `die`: the request ends there for good, as a Lambda that is killed.
 * `late`: given up by the caller at once, carried out `ms` later.
 */
export type Mishap = 'fail' | 'reset' | 'slow' | 'die' | 'late';

export interface Trouble {
  /** Which call of the request, the first is 0. */
  call: number;
  /** How many calls in a row. */
  calls: number;
  /** `before`: nothing was done. `after`: it was done, and the answer is what suffers. */
  when: 'before' | 'after';
  what: Mishap;
  /** For `slow` and `late`. */
  ms: number;
}

/** How one request goes. */
export interface Weather {
  troubles: readonly Trouble[];
  /** Seed of how long its calls take; 0: 1 ms each way. */
  seed: number;
  /** The caller sends it a second time, so many ms later; 0: it does not. */
  again: number;
}

export const FAIR: Weather = { troubles: [], seed: 0, again: 0 };

export function describeWeather({ troubles, seed, again }: Weather): string {
  const parts = troubles.map(({ call, calls, when, what, ms }) => {
    const which = calls === 1 ? `call ${call}` : `calls ${call}–${call + calls - 1}`;
    const time = what === 'slow' || what === 'late' ? ` ${ms} ms` : '';
    return `${which}: ${what}${time} ${when} it is done`;
  });
  if (seed !== 0) parts.push(`paces ${seed}`);
  if (again !== 0) parts.push(`again after ${again} ms`);
  return parts.length === 0 ? '' : `   [${parts.join('; ')}]`;
}

/** A well-mixed number in [0, 1) of three integers. */
export function mixed(a: number, b: number, c: number): number {
  let t =
    Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul(b + 0x7f4a7c15, 0xc2b2ae35) ^
    Math.imul(c + 1, 0x27d4eb2f);
  t = Math.imul(t ^ (t >>> 15), 0x2c1b3c6d);
  t = Math.imul(t ^ (t >>> 12), 0x297a2d39);
  return ((t ^ (t >>> 15)) >>> 0) / 4_294_967_296;
}
