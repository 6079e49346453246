/**
 * Checks that no test runner has to be there for, so that the very same run in Node and in a browser: functions that throw
 * what did not hold.
 */

export interface Check<Subject> {
  name: string;
  /** Rejects with what did not hold for `subject`. */
  run: (subject: Subject) => Promise<void>;
}

/** A text that is the same for values that are: bytes in hexadecimal, keys in order. */
function show(value: unknown): string {
  if (ArrayBuffer.isView(value)) {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return `bytes:${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Set || value instanceof Map) return `${value.constructor.name}${show([...value])}`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{ ${entries.map(([key, entry]) => `${key}: ${show(entry)}`).join(', ')} }`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Throws unless both are alike, all the way down; two kinds of arrays of bytes are. `about`: what they are. */
export function assertSame(actual: unknown, expected: unknown, about = 'value'): void {
  const [is, should] = [show(actual), show(expected)];
  if (is !== should) throw new Error(`${about} is ${is}, not ${should}`);
}

/** Throws `what` unless `condition` holds. */
export function assertThat(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Throws unless `call` does, with a message that has `text` in it. */
export function assertThrows(call: () => unknown, text: string): void {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    assertThat(String(error).includes(text), `it threw ${String(error)}, not ${JSON.stringify(text)}`);
    return;
  }
  throw new Error(`it gave ${show(result)} and did not throw ${JSON.stringify(text)}`);
}
