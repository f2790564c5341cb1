import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withEnvFile } from './env-file.mjs';
import { useTempDirs } from './temp-dir.testing.ts';

const temporaryFolder = useTempDirs();

test('adds what the environment does not say, as an env file has it', () => {
  const path = join(temporaryFolder(), '.env');
  writeFileSync(path, '# settings\nPORT=9000\nLOG_LEVEL="debug" # why\nSMTP_HOST=\nexport CORS_ORIGIN=*\n');
  expect(withEnvFile({ PORT: '8000', LOG_LEVEL: '' }, path)).toEqual({
    PORT: '8000',
    LOG_LEVEL: 'debug',
    CORS_ORIGIN: '*',
  });
});

test('needs no file', () => {
  const env = { PORT: '8000' };
  expect(withEnvFile(env, join(temporaryFolder(), '.env'))).toBe(env);
});

test('says when there is one that cannot be read', () => {
  const path = join(temporaryFolder(), '.env');
  mkdirSync(path);
  expect(() => withEnvFile({}, path)).toThrow(/\.env cannot be read \(EISDIR\)/);
});
