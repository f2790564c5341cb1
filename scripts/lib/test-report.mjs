/** Reads the JSON report of vitest: the counts, the failures with their causes, and the slowest files. */
import { relative } from 'node:path';
import { readJson } from './files.mjs';
import { ROOT } from './paths.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * @typedef {object} Failure
 * @property {string} where file and test
 * @property {string} why the beginning of its message
 */

/** @typedef {{ path: string, ms: number }} FileTime */

/** @typedef {{ path: string, passed: number, skipped: number }} FailedFile with its tests that did not fail */

/**
 * @typedef {object} Outcome
 * @property {Counts} counts
 * @property {Failure[]} failures
 * @property {FileTime[]} times
 * @property {FailedFile[]} failedFiles of which the failures are; without those of tools and of a run that crashed
 * @property {Failure[]} unsteady failures that a second run did not repeat
 */

const MAX_LINES_OF_A_FAILURE = 12;
/** The maximum of lines of a tool in the report. `runCommand` keeps the last ones, which have the cause. */
const MAX_LINES_OF_A_TOOL = 30;

/** @type {Outcome} */
const NOTHING = {
  counts: { passed: 0, failed: 0, skipped: 0 },
  failures: [],
  times: [],
  failedFiles: [],
  unsteady: [],
};

/**
 * Reads a report. A file that could not be loaded counts as one failure, because its tests are not in the report. A
 * failed run without a failed test (an unhandled rejection, no test found, a crash) counts as one failure, too.
 * @param {string} title of the run
 * @param {string} file
 * @param {boolean} succeeded by vitest's exit code
 * @param {string} [timesFile] written by the reporter of file times; without it, no times are known
 * @returns {Outcome}
 */
export function readTestReport(title, file, succeeded, timesFile) {
  const report = readJson(file);
  const times = timesFile === undefined ? [] : readFileTimes(timesFile);
  const outcome = { ...NOTHING, ...(report.state === 'ok' ? readReport(report.value) : {}), times };
  const { counts } = outcome;
  if (counts.failed === 0 && (!succeeded || counts.passed === 0)) {
    return {
      ...outcome,
      counts: { ...counts, failed: 1 },
      failures: [{ where: title, why: 'Failed without a failed test: see its output above.' }],
    };
  }
  return outcome;
}

/**
 * The outcome of a run whose failed files, and they alone, ran a second time.
 * @param {Outcome} first whose failures are all of its failed files
 * @param {Outcome} second
 * @returns {Outcome}
 */
export function afterSecondRun(first, second) {
  const { counts, failedFiles } = first;
  const again = new Set(second.failures.map(({ where }) => where));
  /** @param {'passed' | 'skipped'} kind */
  const without = (kind) => failedFiles.reduce((sum, file) => sum - file[kind], counts[kind]);
  return {
    ...second,
    counts: {
      passed: without('passed') + second.counts.passed,
      failed: second.counts.failed,
      skipped: without('skipped') + second.counts.skipped,
    },
    times: first.times,
    unsteady: first.failures.filter(({ where }) => !again.has(where)),
  };
}

/**
 * @param {string} file
 * @returns {FileTime[]}
 */
function readFileTimes(file) {
  const times = readJson(file);
  if (times.state !== 'ok') return [];
  return /** @type {FileTime[]} */ (times.value.files).map(({ path, ms }) => ({ path: relative(ROOT, path), ms }));
}

/**
 * @param {readonly FileTime[]} times
 * @param {number} count
 */
export function slowest(times, count) {
  return [...times].sort((one, other) => other.ms - one.ms).slice(0, count);
}

/**
 * @param {string} where
 * @param {string} why
 * @returns {Outcome}
 */
export function failed(where, why) {
  return {
    ...NOTHING,
    counts: { passed: 0, failed: 1, skipped: 0 },
    failures: [{ where, why: beginning(why, MAX_LINES_OF_A_TOOL) }],
  };
}

/**
 * @param {any} report
 * @returns {Pick<Outcome, 'counts' | 'failures' | 'failedFiles'>}
 */
function readReport(report) {
  const files = /** @type {any[]} */ (report.testResults ?? []);
  const failures = files.flatMap(failuresOf);
  return {
    counts: {
      passed: report.numPassedTests ?? 0,
      failed: failures.length,
      skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
    },
    failures,
    failedFiles: files.filter((file) => failuresOf(file).length > 0).map(failedFile),
  };
}

/**
 * @param {any} file
 * @returns {FailedFile}
 */
function failedFile({ name, assertionResults }) {
  const passed = assertionResults.filter((/** @type {any} */ test) => test.status === 'passed').length;
  const failures = assertionResults.filter((/** @type {any} */ test) => test.status === 'failed').length;
  return { path: relative(ROOT, String(name ?? '')), passed, skipped: assertionResults.length - passed - failures };
}

/**
 * @param {any} file
 * @returns {Failure[]}
 */
function failuresOf(file) {
  const path = relative(ROOT, String(file.name ?? ''));
  if (file.status === 'failed' && file.assertionResults.length === 0) {
    return [{ where: path, why: beginning(file.message) }];
  }
  const tests = /** @type {any[]} */ (file.assertionResults);
  return tests
    .filter((test) => test.status === 'failed')
    .map((test) => ({ where: `${path} > ${test.fullName}`, why: beginning((test.failureMessages ?? []).join('\n')) }));
}

/**
 * @param {string | undefined} message
 * @param {number} [lines]
 */
function beginning(message, lines = MAX_LINES_OF_A_FAILURE) {
  return (message ?? '').trim().split('\n').slice(0, lines).join('\n');
}

/**
 * @param {readonly Outcome[]} all
 * @returns {Outcome}
 */
export function sumOutcomes(all) {
  return all.reduce(
    ({ counts, failures, times, failedFiles, unsteady }, next) => ({
      counts: {
        passed: counts.passed + next.counts.passed,
        failed: counts.failed + next.counts.failed,
        skipped: counts.skipped + next.counts.skipped,
      },
      failures: [...failures, ...next.failures],
      times: [...times, ...next.times],
      failedFiles: [...failedFiles, ...next.failedFiles],
      unsteady: [...unsteady, ...next.unsteady],
    }),
    NOTHING,
  );
}
