import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES, ERRORS } from '@wa-gate/contracts';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
/** They name codes and provoke none: this one, and the table of statuses. */
const ABOUT_CODES = ['packages/testkit/src/error-codes.test.ts', 'packages/contracts/src/errors.test.ts'];

/** The texts of all tests. */
const tests = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && !ABOUT_CODES.includes(path) && existsSync(join(ROOT, path)))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
/** Where a code stands for itself in what a test expects: alone, or with its status as in `404 USER_NOT_FOUND`. */
const provokedIn = (code: string): string[] =>
  tests.filter(({ text }) => new RegExp(`['"\`](\\d{3} )?${code}['"\`]`).test(text)).map(({ path }) => path);

describe('the sentences of the errors (MR-164)', () => {
  it.each(ERROR_CODES)('a test provokes %s', (code) => {
    expect(
      provokedIn(code),
      `no test expects ${code}: write one that provokes it, or take it out of errors.ts`,
    ).not.toEqual([]);
  });

  it.each(ERROR_CODES)('the sentence of %s is whole, and promises nothing about what was changed', (code) => {
    const { sentence } = ERRORS[code];
    expect(sentence).toMatch(/^[A-Z`].*[.]$/);
    expect(sentence).not.toMatch(/[Nn]othing (was|has been) changed/);
  });
});
