/**
 * In which order test files begin. Some mostly wait (for leases, processes, timers), the others compute: with some of both at any
 * time no core is idle, and with the longest first none of them is left alone at the end.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that last longest, and mostly wait. */
const LONG =
  /\/test\/integration\/(?:stack\/(?:faults|frozen-tasks|killed-tasks)|stream-task\/process)\.test\.ts$/;
/** The whole stack: they wait for much. The first that fits says how early one begins. */
const STACK = [/\/test\/integration\/stack\/chaos\./, /\/test\/(?:integration\/(?:stack|dev)|e2e)\//];
/** Files that share processes, for as long as one follows the other. */
const UNIT = /\/test\/unit\//;
const PARTS = [/\/test\/(?:contract|model)\//, /\/test\//];

const fits =
  (...patterns: RegExp[]) =>
  ({ moduleId }: TestSpecification): boolean =>
    patterns.some((pattern) => pattern.test(moduleId));

/** `files` by the first pattern that fits each. */
function byRank(files: readonly TestSpecification[], patterns: readonly RegExp[]): TestSpecification[] {
  const rank = ({ moduleId }: TestSpecification) => patterns.findIndex((pattern) => pattern.test(moduleId));
  return files.toSorted((a, b) => rank(a) - rank(b));
}

/** Both lists in one, each in its order and evenly spread. */
function spread(a: readonly TestSpecification[], b: readonly TestSpecification[]): TestSpecification[] {
  const placed = [a, b].flatMap((files) =>
    files.map((file, index) => ({ file, at: (index + 0.5) / files.length })),
  );
  return placed.toSorted((one, other) => one.at - other.at).map(({ file }) => file);
}

export default class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const all = await super.sort(files);
    const long = all.filter(fits(LONG));
    const unit = all.filter(fits(UNIT));
    const rest = all.filter((file) => !long.includes(file) && !unit.includes(file));
    const stack = rest.filter(fits(...STACK));
    const parts = rest.filter((file) => !stack.includes(file));
    // Two at a time leave half of the workers to those that compute.
    return [
      ...long.slice(0, 2),
      ...unit,
      ...long.slice(2),
      ...spread(byRank(stack, STACK), byRank(parts, PARTS)),
    ];
  }
}
