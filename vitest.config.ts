import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['anteroom-source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['anteroom-source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
