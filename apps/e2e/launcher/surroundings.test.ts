import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Installation } from './installation.ts';
import { query } from './query.ts';
import { useInstallations } from './use-installation.ts';

const install = useInstallations();
const isRoot = process.getuid?.() === 0;

/** An installation that has run before, with a row in its database. */
async function withData(): Promise<Installation> {
  const installation = install();
  const run = await installation.started();
  await query(installation.runFile().databaseUrl, 'CREATE TABLE kept AS SELECT 7 AS value');
  await run.stop();
  return installation;
}

const keptRows = (installation: Installation) => query(installation.runFile().databaseUrl, 'SELECT value FROM kept');

describe('damaged files', () => {
  test.each([
    ['cut in half', '{"gateway": "http://127.0'],
    ['empty', ''],
    ['something else', '[1, 2]'],
  ])('run.json is %s: said aloud, kept aside, written anew', async (_what, content) => {
    const installation = await withData();
    writeFileSync(installation.path('run.json'), content);
    const run = await installation.started();
    expect(run.output).toMatch(/run\.json is damaged \(.+\)\. It is kept as .+run\.json\.damaged/);
    expect(readFileSync(installation.path('run.json.damaged'), 'utf8')).toBe(content);
    expect(await keptRows(installation)).toEqual([{ value: 7 }]);
  });

  test('the secrets are gone although there is data: refused, and nothing is made anew', async () => {
    const installation = await withData();
    const secrets = readFileSync(installation.path('secrets'), 'utf8');
    rmSync(installation.path('secrets'));
    const run = installation.start();
    expect(await run.exited).toBe(1);
    expect(run.output).toContain('secrets is missing, but this data folder already holds data');
    expect(existsSync(installation.path('secrets'))).toBe(false);

    writeFileSync(installation.path('secrets'), secrets, { mode: 0o600 });
    await installation.started();
    expect(await keptRows(installation)).toEqual([{ value: 7 }]);
  });

  test('the secrets are damaged: refused with the reason', async () => {
    const installation = await withData();
    writeFileSync(installation.path('secrets'), '{"masterKey": "');
    const run = installation.start();
    expect(await run.exited).toBe(1);
    expect(run.output).toMatch(/The secrets in .+ cannot be read: it is not valid JSON/);
  });

  test('a master key that is none: refused', async () => {
    const run = install().start({ env: { WAG_MASTER_KEY: 'hunter2' } });
    expect(await run.exited).toBe(1);
    expect(run.output).toContain('The master key in WAG_MASTER_KEY is not 32 bytes in base64');
  });

  test('files of the database are gone: refused, and no empty database takes their place', async () => {
    const installation = await withData();
    const { data } = JSON.parse(readFileSync(installation.path('postgres/cluster.json'), 'utf8')) as { data: string };
    rmSync(data, { recursive: true });
    const run = installation.start();
    expect(await run.exited).toBe(1);
    expect(run.output).toContain(`The database files in ${data} are gone.`);
  });
});

describe('services that run elsewhere', () => {
  test.each([
    ['REDIS_URL', 'redis://127.0.0.1:1', /The Redis of REDIS_URL \(127\.0\.0\.1:1\) cannot be reached/],
    ['SANDBOX_URL', 'http://127.0.0.1:1', /The sandbox of SANDBOX_URL \(http:\/\/127\.0\.0\.1:1\) does not answer/],
  ])('%s that does not answer: a clear error', async (name, url, sentence) => {
    const run = install().start({ env: { [name]: url } });
    expect(await run.exited).toBe(1);
    expect(run.output).toMatch(sentence);
  });
});

test.each([
  [{ DATABASE_URL: 'nonsense' }, 'DATABASE_URL is not the URL of one PostgreSQL, such as '],
  [{ DATABASE_URL: 'mysql://127.0.0.1/x' }, 'DATABASE_URL is not the URL of one PostgreSQL, such as '],
  [{ HOST: '192.0.2.1' }, 'This machine has no address 192.0.2.1 (HOST).\n'],
])('%j: an error that names the variable', async (env, sentence) => {
  const run = install().start({ env });
  expect(await run.exited).toBe(1);
  expect(run.output).toContain(`Error: ${sentence}`);
});

test.runIf(isRoot)(
  'root where user namespaces are refused runs PostgreSQL as nobody, outside the closed folder',
  async () => {
    const installation = install();
    const refusing = join(installation.folder, 'bin');
    mkdirSync(refusing);
    writeFileSync(join(refusing, 'unshare'), '#!/bin/sh\nexit 1\n');
    chmodSync(join(refusing, 'unshare'), 0o755);
    const env = { PATH: `${refusing}:${process.env.PATH}` };

    const first = await installation.started({ env });
    await query(installation.runFile().databaseUrl, 'CREATE TABLE kept AS SELECT 7 AS value');
    const { data, identity } = JSON.parse(readFileSync(installation.path('postgres/cluster.json'), 'utf8')) as {
      data: string;
      identity: string;
    };
    try {
      expect(identity).toBe('nobody');
      expect(data.startsWith(installation.dataDir)).toBe(false);
      expect(first.output).toContain(`it runs as nobody, its files are in ${data}`);
      await first.stop();
      await installation.started({ env });
      expect(await keptRows(installation)).toEqual([{ value: 7 }]);
    } finally {
      await installation.remove();
      rmSync(join(data, '..'), { recursive: true, force: true });
    }
  },
);
