import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSecrets, rememberFirstAdministrator } from './secrets.mjs';
import { useTempDirs } from './temp-dir.testing.ts';

const tempDir = useTempDirs();
const FRESH = { hasData: false, env: {} };

test('are generated once, for the user alone, and found again', () => {
  const path = join(tempDir(), 'secrets');
  const first = loadSecrets(path, FRESH);
  expect(Buffer.from(first.masterKey, 'base64')).toHaveLength(32);
  expect(new Set(Object.values(first)).size).toBe(5);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(loadSecrets(path, { ...FRESH, hasData: true })).toEqual(first);
});

test('of two installations have nothing in common', () => {
  const one = Object.values(loadSecrets(join(tempDir(), 'secrets'), FRESH));
  const other = Object.values(loadSecrets(join(tempDir(), 'secrets'), FRESH));
  expect(one.filter((secret) => other.includes(secret))).toEqual([]);
});

test('are never generated over data', () => {
  const path = join(tempDir(), 'secrets');
  expect(() => loadSecrets(path, { ...FRESH, hasData: true })).toThrow(
    'is missing, but this data folder already holds data',
  );
  expect(existsSync(path)).toBe(false);
});

test.each([
  ['', 'it is empty'],
  ['{"masterKey": "', 'it is not valid JSON'],
  ['"secret"', 'it does not hold a JSON object'],
  ['{"masterKey": "a"}', 'are incomplete: workerToken, postgresPassword, redisPassword, adminPassword'],
])('that are damaged are refused and stay as they are: %j', (content, reason) => {
  const path = join(tempDir(), 'secrets');
  writeFileSync(path, content);
  expect(() => loadSecrets(path, FRESH)).toThrow(reason);
  expect(readFileSync(path, 'utf8')).toBe(content);
});

test('of the environment win, and are not stored', () => {
  const path = join(tempDir(), 'secrets');
  const masterKey = Buffer.alloc(32, 7).toString('base64');
  const env = { WAG_MASTER_KEY: masterKey, WORKER_AUTH_TOKEN: 'join' };
  expect(loadSecrets(path, { hasData: false, env })).toMatchObject({ masterKey, workerToken: 'join' });
  expect(readFileSync(path, 'utf8')).not.toContain(masterKey);
});

test('keep with what the first administrator was made, and nothing of the environment', () => {
  const path = join(tempDir(), 'secrets');
  const first = loadSecrets(path, { hasData: false, env: { WORKER_AUTH_TOKEN: 'join' } });
  const firstAdministrator = { email: 'first@wa-gate.test', password: 'pass' };
  rememberFirstAdministrator(path, firstAdministrator);
  const again = loadSecrets(path, { hasData: true, env: {} });
  expect(again).toEqual({ ...first, workerToken: again.workerToken, firstAdministrator });
  expect(again.workerToken).not.toBe('join');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('take several master keys, for a rotation', () => {
  const keys = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
  const env = { WAG_MASTER_KEY: keys.join(', ') };
  const { masterKey } = loadSecrets(join(tempDir(), 'secrets'), { hasData: false, env });
  expect(masterKey).toBe(env.WAG_MASTER_KEY);
});

test.each([
  'hunter2',
  `${Buffer.alloc(32).toString('base64')},`,
  Buffer.alloc(16).toString('base64'),
  `${Buffer.alloc(32).toString('base64')}!`,
])('a master key that is not 32 bytes in base64 is refused: %s', (key) => {
  const env = { WAG_MASTER_KEY: key };
  expect(() => loadSecrets(join(tempDir(), 'secrets'), { hasData: false, env })).toThrow('not 32 bytes in base64');
});
