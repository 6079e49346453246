/** What the benchmark is told on the command line. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  quick: boolean;
  node: boolean;
  chromium: boolean;
  /** The results as JSON, and no tables. */
  json: boolean;
}

export const USAGE = `npm run bench:e2ee -- [options]
  --quick      fewer and shorter rounds: a minute in place of five
  --node       only what runs in Node
  --chromium   only what runs in Chromium
  --json       the results as JSON on the standard output`;

/** Throws a `TypeError` with a sentence for people. */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      node: { type: 'boolean', default: false },
      chromium: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const both = values.node === values.chromium;
  return {
    quick: values.quick,
    json: values.json,
    node: both || values.node,
    chromium: both || values.chromium,
  };
}
