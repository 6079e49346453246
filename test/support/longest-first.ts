/** In which order test files begin: those that last longest first, so that none of them is left alone at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The first pattern that fits a file's path says how early it begins. */
const ORDER = [
  /\/test\/integration\/stack\/(?:faults|frozen-tasks|killed-tasks|chaos)\.test\.ts$/,
  /\/test\/(?:integration\/(?:stack|dev)|e2e)\//,
  /\/test\/(?:contract|model|fuzz)\//,
  /\/test\/integration\//,
];

function rankOf({ moduleId }: TestSpecification): number {
  const rank = ORDER.findIndex((pattern) => pattern.test(moduleId));
  return rank < 0 ? ORDER.length : rank;
}

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
