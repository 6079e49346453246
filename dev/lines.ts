/** Turns the output of a process into lines for people. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Fields that say nothing to somebody who sees the process's name before the line. */
const UNSAID = new Set([
  'level',
  'time',
  'timestamp',
  'msg',
  'message',
  'service',
  'pid',
  'hostname',
  'xray_trace_id',
  'sampling_rate',
]);

function fieldText(name: string, value: unknown): string {
  if (typeof value === 'string') return `${name}=${/[\s"]/.test(value) ? JSON.stringify(value) : value}`;
  const { stack } = value as { stack?: unknown };
  return `${name}=${typeof stack === 'string' ? stack : JSON.stringify(value)}`;
}

/**
 * One line of output, readable: a JSON log line becomes its message and its fields, with the level if it is a warning
 * or worse; the fields `unsaid` are left out. Metrics (embedded metric format) become undefined; other text stays as it is.
 */
export function readableLine(line: string, unsaid: readonly string[] = []): string | undefined {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return line;
  if ('_aws' in record) return undefined;
  const fields = record as Record<string, unknown>;
  const level = fields['level'];
  const words: string[] = [];
  if (typeof level === 'string' && !/^(?:debug|info)$/i.test(level)) words.push(level.toUpperCase());
  const message = fields['msg'] ?? fields['message'];
  if (typeof message === 'string') words.push(message);
  for (const [name, value] of Object.entries(fields)) {
    if (!UNSAID.has(name) && !unsaid.includes(name) && value !== undefined && value !== null)
      words.push(fieldText(name, value));
  }
  return words.join(' ');
}

/** Prints each line of `stream` behind `prefix`. */
export function printLines(
  stream: Readable,
  prefix: string,
  print: (line: string) => void,
  unsaid: readonly string[] = [],
): void {
  createInterface({ input: stream }).on('line', (line) => {
    const text = readableLine(line, unsaid);
    if (text !== undefined) print(`${prefix}${text}`);
  });
}
