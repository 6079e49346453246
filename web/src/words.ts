/** Sentences with names in them. */

/**
 * `name` for the middle of a sentence: whichever way it is written, it does not turn the text around it (UAX #9: FSI, PDI).
 */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

const AND = new Intl.ListFormat('en', { type: 'conjunction' });

/** "Ada", "Ada and Grace", "Ada, Grace, and Linus"; `first` goes before them as it is. */
export const listOf = (names: readonly string[], ...first: string[]): string =>
  AND.format([...first, ...names.map(isolated)]);

/** Time that has passed, ms, as "0:07" or "12:40". */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** "1 member", "2 members". */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;
