import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { inTransaction, type Pool } from '@wa-gate/db';
import { CommandError } from '../errors.ts';
import { describeDatabase, type Manifest, writeManifest } from './manifest.ts';
import { connectionEnvironment, findPostgresTools, runTool } from './postgres-tools.ts';

export const DUMP = 'database.dump';

interface BackupOptions {
  pool: Pool;
  url: string;
  folder: string;
  env: NodeJS.ProcessEnv;
}

/** Makes an empty folder that only its owner may enter: a backup has everything but the master key. */
export async function makeBackupFolder(path: string): Promise<string> {
  const folder = resolve(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0) {
    throw new CommandError(`${folder} is not empty. A backup goes into a folder of its own.`);
  }
  await chmod(folder, 0o700);
  return folder;
}

/**
 * Backs up the database with pg_dump, while everything runs. The manifest describes the same snapshot as the dump.
 *
 * @throws {CommandError}
 */
export async function dumpDatabase({ pool, url, folder: path, env }: BackupOptions): Promise<Manifest> {
  const folder = await makeBackupFolder(path);
  return inTransaction(pool, async (tx) => {
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    // A transaction that waits for pg_dump must not be ended for being idle.
    await tx.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    const facts = await describeDatabase(tx);
    const { rows } = await tx.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
    const tools = await findPostgresTools(env, 'pg_dump', facts.postgresMajor);
    const args = [
      '--format=custom',
      '--no-owner',
      '--no-acl',
      `--snapshot=${rows[0]!.snapshot}`,
      `--file=${join(folder, DUMP)}`,
    ];
    await runTool({ ...tools, tool: 'pg_dump', args, env: { ...env, ...connectionEnvironment(url) } });
    await chmod(join(folder, DUMP), 0o600);
    return writeManifest(folder, { kind: 'dump', ...facts }, [DUMP]);
  });
}
