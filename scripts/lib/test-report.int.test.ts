import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useTempDirs } from './temp-dir.testing.ts';
import { readTestReport, sumCounts } from './test-report.mjs';

const tempDir = useTempDirs();

function countsOf(report: object | string, succeeded: boolean) {
  const path = join(tempDir(), 'report.json');
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  return readTestReport(path, succeeded);
}

const file = (status: string, tests: number) => ({
  status,
  assertionResults: Array.from({ length: tests }, () => ({})),
});

test.each([
  ['all passed', { numPassedTests: 3, numFailedTests: 0, testResults: [file('passed', 3)] }, true, [3, 0, 0]],
  ['some failed', { numPassedTests: 2, numFailedTests: 1, testResults: [file('failed', 3)] }, false, [2, 1, 0]],
  ['a file did not load', { numPassedTests: 2, numFailedTests: 0, testResults: [file('failed', 0)] }, false, [2, 1, 0]],
  ['some were skipped', { numPassedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults: [] }, true, [1, 0, 3]],
  ['vitest failed without a failed test', { numPassedTests: 5, numFailedTests: 0, testResults: [] }, false, [5, 1, 0]],
  ['no test ran', { numPassedTests: 0, numFailedTests: 0, testResults: [] }, true, [0, 1, 0]],
  ['vitest crashed', 'not a report', false, [0, 1, 0]],
])('%s', (_what, report, succeeded, [passed, failed, skipped]) => {
  expect(countsOf(report, succeeded)).toEqual({ passed, failed, skipped });
});

test('a report that is missing is a failure', () => {
  expect(readTestReport(join(tempDir(), 'absent.json'), true)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test('the sum of several runs', () => {
  const one = { passed: 1, failed: 2, skipped: 3 };
  expect(sumCounts([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6 });
});
