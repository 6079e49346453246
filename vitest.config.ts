import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import FileOrder from './test/support/file-order.ts';

/** The SDK is tested as it is written, not as it was built last. */
const conditions = ['anteroom-source', 'node', 'import', 'default'];
/** Hundreds of processes of ours load the same modules: each but the first takes them as they were compiled then. */
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.cache/node-compile');

const ALONE = [
  'test/model/*.test.ts',
  'test/integration/stream-task/{fencing,floods,hostile-clients,hostile-http}.test.ts',
];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  test: {
    // Tests mostly wait for processes, sockets and timers: on two cores two workers more fill the pauses.
    maxWorkers: Math.max(4, availableParallelism() - 1),
    sequence: { sequencer: FileOrder },
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        // Pure code: one process for many files.
        ...shared,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        // They measure the memory of their process, hold it up, or leave the garbage of thousands of runs in it.
        ...shared,
        test: {
          name: 'alone',
          include: ALONE,
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Real sockets, tables, browsers and processes: as many stacks as files ask for, on a few processes of tests.
        ...shared,
        test: {
          name: 'parts',
          isolate: false,
          include: ['test/{contract,fuzz,integration,e2e}/**/*.test.ts'],
          exclude: ALONE,
          globalSetup: [
            'test/support/global-setup.ts',
            'test/support/bundled-task.ts',
            'test/support/compile-cache.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
