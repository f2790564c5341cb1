import { defineConfig } from 'vitest/config';

// Workspace packages are read from their sources, so that a test never runs against a stale build.
const conditions = ['@wa-gate/source', 'node'];
const shared = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const ignored = ['**/node_modules/**', '**/dist/**'];

export default defineConfig({
  test: {
    // More than the two cores of the usual machine: tests wait for databases and processes half of their time.
    maxWorkers: 3,
    // Time-outs are for what hangs. What is slow only because the machine is busy must not fail.
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...ignored, '**/*.int.test.ts', 'apps/e2e/**'],
          // No I/O and no state to share: one process for many files, because loading the same modules anew takes longer than the tests.
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'integration',
          include: ['**/*.int.test.ts'],
          exclude: [...ignored, 'apps/e2e/**'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['apps/e2e/**/*.test.ts'],
          exclude: ignored,
          testTimeout: 240_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
