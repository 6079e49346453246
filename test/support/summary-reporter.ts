import type { Reporter, TestModule } from 'vitest/node';

/**
 * The closing line of a run, in a form that any CI reads, and the rule that nothing is skipped in CI: there a test
 * whose prerequisite is missing is a failure of the machine's set-up, not a pass.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    const skipped: string[] = [];
    for (const module of modules) {
      if (module.state() === 'failed') failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') passed++;
        else if (state === 'failed') failed++;
        else skipped.push(`${module.relativeModuleId}: ${test.fullName}`);
      }
    }
    if (process.env['CI'] !== undefined && skipped.length > 0) {
      process.stdout.write(`\nSkipped, which counts as a failure in CI:\n  ${skipped.join('\n  ')}\n`);
      process.exitCode = 1;
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
  }
}
