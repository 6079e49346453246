import { defineConfig } from 'vitest/config';

/** The SDK is tested as it is written, not as it was built last. */
const conditions = ['anteroom-source', 'node', 'import', 'default'];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      {
        ...shared,
        test: {
          name: 'parts',
          include: ['test/{unit,contract,integration}/**/*.test.ts'],
          exclude: ['test/integration/{stack,dev}/**'],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Each file starts the whole stack, a dozen processes: one at a time, after everything else.
        ...shared,
        test: {
          name: 'stack',
          include: ['test/integration/{stack,dev}/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
