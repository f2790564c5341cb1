import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { assertMasterKey } from '@wa-gate/db';
import { createTestDatabase, type TestDatabase } from '@wa-gate/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DUMP } from './backup/dump.ts';
import { describeDatabase, readManifest, writeManifest } from './backup/manifest.ts';
import { runCli } from './run-cli.ts';

/** What the commands refuse before PostgreSQL's programs are needed. With them: apps/e2e/recovery. */

const key = randomBytes(32);
let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  await assertMasterKey(database.pool, [key]);
  await database.pool.query(
    `CREATE TABLE IF NOT EXISTS _prisma_migrations (migration_name text, finished_at timestamptz);
     INSERT INTO _prisma_migrations VALUES ('20261129065000_recoveries', now())`,
  );
});
afterAll(() => database?.drop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wag-backup-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function wag(args: string[], env: Record<string, string> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCli(args, {
    env: { DATABASE_URL: database.url, WAG_MASTER_KEY: key.toString('base64'), ...env },
    stdin: Readable.from([]),
    stdout: (text) => out.push(text),
    stderr: (text) => err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

/** A backup as `wag backup` leaves it, with a dump that nobody reads here. */
async function makeBackup(): Promise<void> {
  await writeFile(join(folder, DUMP), 'the bytes of pg_dump');
  await writeManifest(folder, { kind: 'dump', ...(await describeDatabase(database.pool)) }, [DUMP]);
}

describe('wag restore (MR-183)', () => {
  it('checks the master key before it changes anything', async () => {
    await makeBackup();
    const { code, err } = await wag(['restore', folder], { WAG_MASTER_KEY: randomBytes(32).toString('base64') });
    expect([code, err]).toEqual([1, expect.stringContaining('WAG_MASTER_KEY is not the key')]);
  });

  it('does not touch a database that is not empty, unless it is told to', async () => {
    await makeBackup();
    const { code, err } = await wag(['restore', folder]);
    expect([code, err]).toEqual([1, expect.stringContaining('is not empty. With --replace')]);
    expect((await database.pool.query('SELECT 1 FROM installation')).rowCount).toBe(1);
  });

  it('counts tables of every schema as something', async () => {
    await makeBackup();
    const other = await createTestDatabase();
    try {
      await other.pool.query('ALTER SCHEMA public RENAME TO elsewhere; CREATE SCHEMA public');
      const { code, err } = await wag(['restore', folder], { DATABASE_URL: other.url });
      expect([code, err]).toEqual([1, expect.stringContaining('is not empty. With --replace')]);
      expect((await other.pool.query('SELECT 1 FROM elsewhere.users')).rowCount).toBe(0);
    } finally {
      await other.pool.query('DROP SCHEMA public; ALTER SCHEMA elsewhere RENAME TO public');
      await other.drop();
    }
  });

  it.each([
    ['that is damaged', () => appendFile(join(folder, DUMP), '!'), 'The backup is damaged: database.dump'],
    ['that lacks a file', () => rm(join(folder, DUMP)), 'The backup is not complete: database.dump'],
    ['without a manifest', () => rm(join(folder, 'manifest.json')), 'is no complete backup'],
    [
      'of another format',
      async () => {
        const path = join(folder, 'manifest.json');
        await writeFile(path, (await readFile(path, 'utf8')).replace('wa-gate-backup/1', 'wa-gate-backup/9'));
      },
      'is not one that this version of wa-gate reads',
    ],
  ])('refuses a backup %s', async (_what, spoil, sentence) => {
    await makeBackup();
    await spoil();
    const { code, err } = await wag(['restore', folder, '--replace']);
    expect([code, err]).toEqual([1, expect.stringContaining(sentence)]);
  });
});

describe('wag backup', () => {
  it('goes into a folder of its own', async () => {
    await writeFile(join(folder, 'something'), '');
    const { code, err } = await wag(['backup', folder]);
    expect([code, err]).toEqual([1, expect.stringContaining('is not empty. A backup goes into a folder of its own')]);
  });

  it('says which programs it lacks, and where they may be', async () => {
    const { code, err } = await wag(['backup', join(folder, 'new')], { PATH: folder, PG_BIN: folder });
    expect(code).toBe(1);
    expect(err).toMatch(/There is no pg_dump of version \d+ or newer on this machine.*PG_BIN/s);
    expect(await stat(join(folder, 'new', 'manifest.json')).catch(() => 'no manifest')).toBe('no manifest');
  });

  it('has no secret in its manifest', async () => {
    await makeBackup();
    const text = await readFile(join(folder, 'manifest.json'), 'utf8');
    expect(text).not.toContain(key.toString('base64').slice(0, 20));
    expect(await readManifest(folder)).toMatchObject({ kind: 'dump', migration: '20261129065000_recoveries' });
  });
});

it('wag recover marks the database and prints what follows', async () => {
  const { code, out } = await wag(['recover', '--kind', 'promoted', '--json']);
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ kind: 'promoted', asOf: null, sessions: 0 })]);
});
