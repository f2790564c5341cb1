#!/usr/bin/env node
/**
 * `npm test`. It needs only Node. With arguments (`npm test -- --project unit packages/kit`) only those tests run;
 * `--full` adds all end-to-end scenarios. A few failed files run a second time, unless they were named. Failures are
 * listed again at the end, with those that the second run did not repeat. The last line is always `N passed, N failed`.
 */
import { formatError } from './lib/errors.mjs';
import { requireNode } from './lib/install.mjs';
import { createPhases } from './lib/phases.mjs';
import { createProgress, seconds } from './lib/progress.mjs';
import { stopOnSignals } from './lib/stop-signals.mjs';
import { failed, slowest } from './lib/test-report.mjs';
import { runTests } from './lib/test-runner.mjs';

const FULL = '--full';
/** The count of slowest files at the end. */
const SLOWEST = 10;

const progress = createProgress();
const phases = createPhases();
const stop = stopOnSignals();
const begun = performance.now();
const given = process.argv.slice(2);

/** @type {import('./lib/test-report.mjs').Outcome} */
let outcome;
try {
  requireNode(process.versions.node);
  outcome = await runTests({
    vitestArguments: given.filter((argument) => argument !== FULL),
    full: given.includes(FULL),
    env: process.env,
    progress,
    phases,
    stop,
  });
} catch (error) {
  outcome = failed('npm test', formatError(error));
}
const { counts, failures, times, unsteady } = outcome;
if (times.length > 1) {
  progress.say('\nThe slowest files, with imports and hooks:');
  for (const { path, ms } of slowest(times, SLOWEST)) progress.say(`${seconds(ms).padStart(9)}  ${path}`);
}
progress.say('\nThe phases, of which the checks run beside the tests:');
for (const { title, fromMs, toMs } of phases.list()) {
  progress.say(`${seconds(toMs - fromMs).padStart(9)}  ${title}, from ${seconds(fromMs)} on`);
}
for (const { where, why } of unsteady) progress.say(`\nUNSTEADY, passed the second time: ${where}\n${why}`);
for (const { where, why } of failures) progress.say(`\nFAILED ${where}\n${why}`);
progress.say(`Total ${seconds(performance.now() - begun)}${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
progress.say(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
