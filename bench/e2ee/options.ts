/** What the benchmark is told on the command line. */
import { parseArgs } from 'node:util';
import { Help } from '../../scripts/command-line.ts';

export const PARTS = ['sealing', 'membership', 'receiving'] as const;
export type Part = (typeof PARTS)[number];

export interface BenchOptions {
  quick: boolean;
  node: boolean;
  chromium: boolean;
  parts: readonly Part[];
  /** The results as JSON, and no tables. */
  json: boolean;
}

export const USAGE = `npm run bench:e2ee -- [options]
  --quick        fewer and shorter rounds: two minutes in place of six
  --node         only what runs in Node
  --chromium     only what runs in Chromium
  --only <part>  sealing: seal and open frames, beside other libraries (Node, Chromium)
                 membership: one more member joins, and leaves (Node)
                 receiving: a page receives the poses of a whole room (Chromium)
  --json         the results as JSON on the standard output
  --help         this text`;

function partsOf(only: string | undefined): readonly Part[] {
  if (only === undefined) return PARTS;
  const part = PARTS.find((part) => part === only);
  if (part === undefined) throw new TypeError(`--only takes ${PARTS.join(', ')}, not ${only}`);
  return [part];
}

/** Throws a `TypeError` with a sentence for people, or {@link Help}. */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      node: { type: 'boolean', default: false },
      chromium: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Help(USAGE);
  const { quick, node, chromium, only, json } = values;
  const both = node === chromium;
  return { quick, json, node: both || node, chromium: both || chromium, parts: partsOf(only) };
}
