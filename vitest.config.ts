import { defineConfig } from 'vitest/config';
import { AGAINST_BUILT, BUILT_FILES, builtSources } from './scripts/lib/built-sources.mjs';
import { LongestFirst } from './scripts/lib/longest-first.mjs';
import { ALONE, SCENARIOS, SIDE_BY_SIDE, scenariosAtOnce, scenariosOf } from './scripts/lib/scenarios.mjs';
import { BOTH, UNIT_WITH_INTEGRATION } from './scripts/lib/test-projects.mjs';

// Without `npm test`, which builds, packages of the workspace are read from their sources: a build may be stale.
const conditions = ['@wa-gate/source', 'node'];
const fromSources = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const isBuilt = process.env[AGAINST_BUILT] !== undefined;
const shared = isBuilt ? { plugins: [builtSources()] } : fromSources;
const server = isBuilt ? { deps: { external: [BUILT_FILES] } } : {};
/** `--sequence.shuffle` brings an order of its own. */
const isShuffled = process.argv.some((argument) => argument.startsWith('--sequence.shuffle'));
const group = process.env[SCENARIOS];
/** A few scenarios are run, not all of a group. */
const namesFiles = process.argv.some((argument) => argument.endsWith('.test.ts'));
const ignored = ['**/node_modules/**', '**/dist/**', '**/bundle/**'];

/**
 * V8 optimises a function after eight times as much work as it would by itself. Most code of tests runs a few times, so
 * that optimising it took a seventh of the processor time of these processes. What is hot is optimised all the same. V8
 * of later versions has another compiler before this one, and not this setting.
 */
const execArgv = process.version.startsWith('v20.') ? ['--interrupt-budget=540672'] : [];

const excluded = [...ignored, 'apps/e2e/**', 'apps/sandbox/**'];
const ofIntegration = { isolate: false, testTimeout: 90_000, hookTimeout: 120_000 };
// One process for many files: loading the same modules anew takes longer than the tests. What a file must not leave
// behind for the next one: scripts/README.md.
const fast = (
  process.env[UNIT_WITH_INTEGRATION]
    ? [{ name: BOTH, include: ['**/*.test.ts'], exclude: excluded, ...ofIntegration }]
    : [
        {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...excluded, '**/*.int.test.ts'],
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
        { name: 'integration', include: ['**/*.int.test.ts'], exclude: excluded, ...ofIntegration },
      ]
).map((test) => ({ ...shared, test: { ...test, server, execArgv } }));

export default defineConfig({
  test: {
    // More than the two cores of the usual machine: tests wait for databases and processes half of their time.
    maxWorkers: 4,
    ...(isShuffled ? {} : { sequence: { sequencer: LongestFirst } }),
    // Time-outs are for what hangs. What is slow only because the machine is busy must not fail.
    projects: [
      ...fast,
      {
        ...shared,
        test: {
          server,
          // The sandbox is judged by Baileys as it is. The worker repairs Baileys before it is loaded; in a process
          // that has loaded it before, that comes too late.
          name: 'sandbox',
          execArgv,
          include: ['apps/sandbox/**/*.test.ts'],
          exclude: ignored,
          isolate: false,
          testTimeout: 90_000,
          hookTimeout: 120_000,
        },
      },
      {
        ...fromSources,
        test: {
          name: 'e2e',
          include: group === undefined ? ['apps/e2e/**/*.test.ts'] : scenariosOf(group),
          exclude: ignored,
          testTimeout: 240_000,
          hookTimeout: 300_000,
          // Of `expect.poll`, as long as `waitFor` of the harness. By default it is a second.
          expect: { poll: { timeout: 60_000 } },
          ...(group === SIDE_BY_SIDE ? { maxWorkers: scenariosAtOnce() } : { fileParallelism: false }),
          // As above, where files do nothing else than start a system of their own.
          ...(group === SIDE_BY_SIDE || group === ALONE ? { isolate: false } : {}),
          ...(group === SIDE_BY_SIDE && !namesFiles && { globalSetup: 'apps/e2e/deploy/image-build-beside.ts' }),
        },
      },
    ],
  },
});
