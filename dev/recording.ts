/** All that passes the proxies of a local stack and all that its processes print, byte by byte: for who looks what is in it. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Takes bytes in the order in which they came. */
export type Tape = (bytes: Uint8Array) => void;

/** Both directions of one connection. */
export interface Tapes {
  /** From whoever opened it. */
  to: Tape;
  /** Back to whoever opened it. */
  from: Tape;
}

export interface Recording {
  /** The next connection of `what`, such as `dynamodb`. */
  connection(what: string): Tapes;
  /** Output and error output of a process, together. */
  output(what: string): Tape;
}

/** Writes each connection to `<what>.<number>.to` and `<what>.<number>.from` in `folder`, and outputs to `<what>.out`. */
export function recordTo(folder: string): Recording {
  mkdirSync(folder, { recursive: true });
  let number = 0;
  // Synchronous: whoever has seen what came of some bytes finds them in the file.
  const tape =
    (name: string): Tape =>
    (bytes) =>
      appendFileSync(join(folder, name), bytes);
  return {
    connection(what) {
      const name = `${what}.${++number}`;
      return { to: tape(`${name}.to`), from: tape(`${name}.from`) };
    },
    output: (what) => tape(`${what}.out`),
  };
}
