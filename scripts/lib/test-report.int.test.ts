import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from './commands.mjs';
import { formatError } from './errors.mjs';
import { ROOT } from './paths.mjs';
import { useTempDirs } from './temp-dir.testing.ts';
import { afterSecondRun, failed, readTestReport, slowest, sumOutcomes } from './test-report.mjs';

const tempDir = useTempDirs();

function read(report: object | string, succeeded: boolean) {
  const path = join(tempDir(), 'report.json');
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  return readTestReport('Some tests', path, succeeded);
}

const PATH = 'packages/kit/src/some.test.ts';

const resultOf = (status: string) => ({
  status,
  fullName: `a ${status} test`,
  failureMessages: status === 'failed' ? ['expected 1 to be 2\n    at line 3'] : [],
});

const file = (status: string, ...tests: string[]) => ({
  name: join(ROOT, PATH),
  status,
  message: 'cannot find a module',
  assertionResults: tests.map(resultOf),
});

test.each([
  ['all passed', { numPassedTests: 3, testResults: [file('passed', 'passed')] }, true, [3, 0, 0]],
  ['some failed', { numPassedTests: 2, testResults: [file('failed', 'passed', 'failed')] }, false, [2, 1, 0]],
  ['a file did not load', { numPassedTests: 2, testResults: [file('failed')] }, false, [2, 1, 0]],
  ['some were skipped', { numPassedTests: 1, numPendingTests: 2, numTodoTests: 1, testResults: [] }, true, [1, 0, 3]],
  ['vitest failed without a failed test', { numPassedTests: 5, testResults: [] }, false, [5, 1, 0]],
  ['no test ran', { numPassedTests: 0, testResults: [] }, true, [0, 1, 0]],
  ['vitest crashed', 'not a report', false, [0, 1, 0]],
])('%s', (_what, report, succeeded, [passed, failures, skipped]) => {
  expect(read(report, succeeded).counts).toEqual({ passed, failed: failures, skipped });
});

test('a report that is missing is a failure', () => {
  expect(readTestReport('Some tests', join(tempDir(), 'absent.json'), true).counts).toMatchObject({ failed: 1 });
});

test('every failure says where and why', () => {
  expect(read({ numPassedTests: 1, testResults: [file('failed', 'passed', 'failed')] }, false).failures).toEqual([
    { where: `${PATH} > a failed test`, why: 'expected 1 to be 2\n    at line 3' },
  ]);
  expect(read({ testResults: [file('failed')] }, false).failures).toEqual([
    { where: PATH, why: 'cannot find a module' },
  ]);
  expect(read('not a report', false).failures).toEqual([
    { where: 'Some tests', why: expect.stringContaining('without a failed test') },
  ]);
});

test('a long message is cut', () => {
  const long = 'line\n'.repeat(1000);
  expect(failed('a check', long).failures[0]?.why.split('\n')).toHaveLength(30);
  const ofTest = { ...file('failed'), message: long };
  expect(read({ testResults: [ofTest] }, false).failures[0]?.why.split('\n')).toHaveLength(12);
});

test('the last words of a tool that failed are shown to their end', async () => {
  const script = 'for (let line = 1; line <= 100; line += 1) console.log("line", line); process.exitCode = 2';
  const error = await runCommand(
    { title: 'Building', command: process.execPath, args: ['-e', script] },
    { env: process.env },
  ).then(() => undefined, formatError);
  expect(failed('npm test', error ?? '').failures[0]?.why).toContain('line 100');
});

test('the sum of several runs', () => {
  const one = {
    counts: { passed: 1, failed: 1, skipped: 3 },
    failures: [{ where: 'a', why: 'b' }],
    times: [{ path: 'c', ms: 1 }],
    failedFiles: [{ path: 'a', passed: 1, skipped: 0 }],
    unsteady: [{ where: 'd', why: 'e' }],
  };
  expect(sumOutcomes([one, one])).toEqual({
    counts: { passed: 2, failed: 2, skipped: 6 },
    failures: [...one.failures, ...one.failures],
    times: [...one.times, ...one.times],
    failedFiles: [...one.failedFiles, ...one.failedFiles],
    unsteady: [...one.unsteady, ...one.unsteady],
  });
});

const FIRST = {
  numPassedTests: 100,
  numPendingTests: 1,
  testResults: [file('passed', 'passed'), file('failed', 'passed', 'failed', 'skipped')],
};

test('a failure that a second run does not repeat is told, and does not count', () => {
  const second = { numPassedTests: 3, testResults: [file('passed', 'passed', 'passed', 'passed')] };
  expect(afterSecondRun(read(FIRST, false), read(second, true))).toMatchObject({
    counts: { passed: 102, failed: 0, skipped: 0 },
    failures: [],
    unsteady: [{ where: `${PATH} > a failed test` }],
  });
});

test('a failure that comes again counts once', () => {
  const second = { numPassedTests: 2, testResults: [file('failed', 'passed', 'failed', 'passed')] };
  expect(afterSecondRun(read(FIRST, false), read(second, false))).toMatchObject({
    counts: { passed: 101, failed: 1, skipped: 0 },
    failures: [{ where: `${PATH} > a failed test` }],
    unsteady: [],
  });
});

test('a second run that crashes counts as a failure', () => {
  expect(afterSecondRun(read(FIRST, false), read('not a report', false)).counts).toMatchObject({ failed: 1 });
});

test('the slowest files, as paths of the repository', () => {
  const folder = tempDir();
  const files = [200, 900, 500].map((ms) => ({ path: join(ROOT, `${ms}.test.ts`), ms }));
  writeFileSync(join(folder, 'times.json'), JSON.stringify({ files }));
  writeFileSync(join(folder, 'report.json'), JSON.stringify({ numPassedTests: 3, testResults: [] }));
  const outcome = readTestReport('Some tests', join(folder, 'report.json'), true, join(folder, 'times.json'));
  expect(slowest(outcome.times, 2)).toEqual([
    { path: '900.test.ts', ms: 900 },
    { path: '500.test.ts', ms: 500 },
  ]);
});

test('without times of files, the tests are counted all the same', () => {
  const folder = tempDir();
  writeFileSync(join(folder, 'report.json'), JSON.stringify({ numPassedTests: 3, testResults: [] }));
  const outcome = readTestReport('Some tests', join(folder, 'report.json'), true, join(folder, 'absent.json'));
  expect(outcome).toMatchObject({ counts: { passed: 3, failed: 0, skipped: 0 }, failures: [], times: [] });
});
