/** Counting what vitest ran, from its JSON report. */
import { readJson } from './files.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * A file that could not even be loaded counts as one failure: its tests are not in the report. A run that failed without
 * a failed test (an unhandled rejection, no test found, a crash) counts as one too.
 * @param {string} file
 * @param {boolean} succeeded by vitest's exit code
 * @returns {Counts}
 */
export function readTestReport(file, succeeded) {
  const report = readJson(file);
  const counts = report.state === 'ok' ? countTests(report.value) : { passed: 0, failed: 0, skipped: 0 };
  if (counts.failed === 0 && (!succeeded || counts.passed === 0)) counts.failed = 1;
  return counts;
}

/**
 * @param {any} report
 * @returns {Counts}
 */
function countTests(report) {
  const files = /** @type {any[]} */ (report.testResults ?? []);
  const unloaded = files.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
  return {
    passed: report.numPassedTests ?? 0,
    failed: (report.numFailedTests ?? 0) + unloaded,
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
  };
}

/**
 * @param {readonly Counts[]} all
 * @returns {Counts}
 */
export function sumCounts(all) {
  return all.reduce(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}
