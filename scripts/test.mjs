#!/usr/bin/env node
/**
 * `npm test`. Needs nothing but Node. With arguments (`npm test -- --project unit packages/kit`) only those tests are run;
 * `--full` adds all end-to-end scenarios. The last line is always `N passed, N failed`.
 */
import { formatError } from './lib/errors.mjs';
import { requireNode } from './lib/install.mjs';
import { createProgress, seconds } from './lib/progress.mjs';
import { stopOnSignals } from './lib/stop-signals.mjs';
import { runTests } from './lib/test-runner.mjs';

const FULL = '--full';

const progress = createProgress();
const stop = stopOnSignals();
const begun = performance.now();
const given = process.argv.slice(2);

let counts = { passed: 0, failed: 1, skipped: 0 };
try {
  requireNode(process.versions.node);
  counts = await runTests({
    vitestArguments: given.filter((argument) => argument !== FULL),
    full: given.includes(FULL),
    env: process.env,
    progress,
    stop,
  });
} catch (error) {
  progress.say(formatError(error));
}
progress.say(`Total ${seconds(performance.now() - begun)}${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
progress.say(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
