/** The words of `npm run fault`, read and written. */
import { duration } from '../../shared/config/read.ts';
import type { Order, TargetState } from './board.ts';

export type Command =
  | { kind: 'list' }
  | { kind: 'help' }
  | { kind: 'sweep' }
  | { kind: 'order'; order: Order }
  | { kind: 'wrong'; message: string };

export const USAGE = `npm run fault -- list                                        what can be disturbed, and what is
npm run fault -- <target> <mode> [ms or share] [--for 10s]   disturbs it, for a while or until "pass"
npm run fault -- sweep                                       runs update-tasks now`;

const patience = duration('', '10s', '1ms', '24h');

/** Reads the words after `npm run fault --`, without options; `how_long` is that of `--for`. */
export function readCommand(words: readonly string[], how_long: string | undefined): Command {
  const [target, mode, number, ...rest] = words;
  if (target === undefined || target === 'help') return { kind: 'help' };
  if (target === 'list' || target === 'sweep') {
    return mode === undefined && how_long === undefined
      ? { kind: target }
      : { kind: 'wrong', message: `"${target}" stands alone` };
  }
  if (mode === undefined) {
    return { kind: 'wrong', message: `what is to happen to ${target}? "list" shows what can` };
  }
  if (rest.length > 0) return { kind: 'wrong', message: `too many words: ${rest.join(' ')}` };
  const value = number === undefined ? undefined : Number(number);
  if (Number.isNaN(value)) return { kind: 'wrong', message: `"${number}" is not a number` };
  try {
    const for_ms = how_long === undefined ? undefined : patience.read(how_long);
    return { kind: 'order', order: { target, mode, value, for_ms } };
  } catch (error) {
    return { kind: 'wrong', message: `--for ${(error as Error).message}` };
  }
}

/** What `list` prints: a line for each target, then what each kind of target can do. */
export function listLines(states: readonly TargetState[]): string[] {
  const width = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));
  const name_width = width(states.map(({ target }) => target));
  const state_width = width(states.map(({ state }) => state));
  const lines = states.flatMap(({ target, state, about, next }) => [
    `${target.padEnd(name_width)}  ${state.padEnd(state_width)}  ${about}`,
    ...next.map(
      ({ mode, in_ms }) => `${' '.repeat(name_width)}  "${mode}" in ${(in_ms / 1_000).toFixed(1)} s`,
    ),
  ]);
  // Targets that can do the same are named together.
  const alike = new Map<string, { names: string[]; modes: TargetState['modes'] }>();
  for (const { target, modes } of states) {
    const key = JSON.stringify(modes);
    const group = alike.get(key);
    if (group === undefined) alike.set(key, { names: [target], modes });
    else group.names.push(target);
  }
  for (const { names, modes } of alike.values()) {
    const words = modes.map(({ mode, argument }) => (argument === undefined ? mode : `${mode} ${argument}`));
    lines.push('', names.join(', '));
    modes.forEach(({ about, missing }, at) => {
      const note = missing === undefined ? '' : ' (not in this stack)';
      lines.push(`  ${words[at]!.padEnd(width(words))}  ${about}${note}`);
    });
    const missing = modes.find((mode) => mode.missing !== undefined)?.missing;
    if (missing !== undefined) lines.push(`  not in this stack: ${missing}`);
  }
  return lines;
}
