import { expect, test } from 'vitest';
import { explainOutput } from './explain.mjs';

test.each([
  ['ENOSPC: no space left on device, write', 'The disk is full.'],
  [
    'could not extend file "base/1/2691": wrote only 4096 of 8192 bytes\nHINT:  Check free disk space.',
    'The disk is full.',
  ],
  ['initdb: error: could not write file: File too large', 'A file reached the size limit'],
  ['it was ended by SIGXFSZ', 'A file reached the size limit'],
  [
    'npm error code ENOTFOUND\nnpm error network request to https://example.test failed',
    'The package registry cannot be reached',
  ],
  ['ERR_PNPM_META_FETCH_FAIL  GET http://127.0.0.1:1/turbo: request failed', 'The package registry cannot be reached'],
  [
    'W: Failed to fetch http://archive.example/InRelease  Temporary failure resolving',
    'The package archive of this system',
  ],
  ["Can't reach database server at `127.0.0.1:1`", 'The PostgreSQL server of DATABASE_URL cannot be reached'],
  ['password authentication failed for user "postgres"', 'PostgreSQL refuses the password'],
])('%j', (output, sentence) => {
  expect(explainOutput(output)?.message).toContain(sentence);
});

test('does not guess', () => {
  expect(explainOutput("error TS2345: Argument of type 'string' is not assignable")).toBeUndefined();
});
