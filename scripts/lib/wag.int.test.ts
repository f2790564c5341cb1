import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadSecrets } from './secrets.mjs';
import { useTempDirs } from './temp-dir.testing.ts';
import { installationEnvironment } from './wag.mjs';

const tempDir = useTempDirs();
const RUNNING = {
  databaseUrl: 'postgresql://db',
  redisUrl: 'redis://cache',
  gateway: 'http://gateway',
  processes: [{ name: 'gateway', pid: 1, url: 'http://gateway' }],
};

function dataDir(run?: unknown): string {
  const path = tempDir();
  if (run !== undefined) writeFileSync(join(path, 'run.json'), JSON.stringify(run));
  return path;
}

test('a command gets the addresses and the keys of the installation that runs in the folder', () => {
  const path = dataDir(RUNNING);
  const { masterKey } = loadSecrets(join(path, 'secrets'), { hasData: false, env: {} });
  expect(installationEnvironment({ DATA_DIR: path })).toEqual({
    DATABASE_URL: 'postgresql://db',
    WAG_MASTER_KEY: masterKey,
    REDIS_URL: 'redis://cache',
    WAG_API_URL: 'http://gateway',
    WAG_KEY_FILE: join(path, 'wag.key'),
    DATA_DIR: path,
  });
});

test('an installation elsewhere is the one that the environment names', () => {
  const elsewhere = { DATABASE_URL: 'postgresql://elsewhere', WAG_MASTER_KEY: 'of that one' };
  expect(installationEnvironment({ DATA_DIR: dataDir(), ...elsewhere })).toEqual({});
});

test('keys of the environment win, as they do at the start', () => {
  const path = dataDir(RUNNING);
  loadSecrets(join(path, 'secrets'), { hasData: false, env: {} });
  const keys = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')).join(',');
  expect(installationEnvironment({ DATA_DIR: path, WAG_MASTER_KEY: keys }).WAG_MASTER_KEY).toBe(keys);
});

test.each([[undefined], [{ ...RUNNING, processes: [] }], [{ processes: RUNNING.processes }]])(
  'where none runs, it is said and nothing is made: %j',
  (run) => {
    const path = dataDir(run);
    expect(() => installationEnvironment({ DATA_DIR: path })).toThrow(`wa-gate does not run in ${path}.`);
  },
);

test('no secrets are made up', () => {
  const path = dataDir(RUNNING);
  expect(() => installationEnvironment({ DATA_DIR: path })).toThrow('is missing');
});
