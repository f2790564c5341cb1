import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { inTransaction, type Pool } from '@wa-gate/db';
import { CommandError } from '../errors.ts';
import { makeBackupFolder } from './dump.ts';
import { describeDatabase, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { connectionEnvironment, findPostgresTools, runTool } from './postgres-tools.ts';

/** The files of the server, below the folder of the backup. `pg_verifybackup` knows each of them. */
const DATA = 'data';
const OWN_MANIFEST = `${DATA}/backup_manifest`;

/**
 * Backs up the files of the whole server with pg_basebackup, while everything runs. With an archive of its log any
 * later state can be restored (docs/backup.md).
 *
 * @throws {CommandError}
 */
export async function backUpBase(options: {
  pool: Pool;
  url: string;
  folder: string;
  env: NodeJS.ProcessEnv;
}): Promise<Manifest> {
  const { pool, url, env } = options;
  const folder = await makeBackupFolder(options.folder);
  const facts = await inTransaction(pool, describeDatabase);
  const tools = await findPostgresTools(env, 'pg_basebackup', facts.postgresMajor);
  const args = [
    `--pgdata=${join(folder, DATA)}`,
    '--format=plain',
    '--wal-method=stream',
    '--checkpoint=fast',
    '--no-password',
  ];
  try {
    await runTool({ ...tools, tool: 'pg_basebackup', args, env: { ...env, ...connectionEnvironment(url) } });
  } catch (error) {
    const { message } = error as Error;
    if (!/replication|max_wal_senders|pg_hba|permission/.test(message)) throw error;
    throw new CommandError(
      `${message}\nThe role of DATABASE_URL needs REPLICATION, and a line for \`replication\` in pg_hba.conf; the server needs wal_level = replica.`,
      { cause: error },
    );
  }
  return writeManifest(folder, { kind: 'base', ...facts }, [OWN_MANIFEST]);
}

export interface BaseRestore {
  backup: string;
  /** The data folder to make. It must be absent or empty. */
  data: string;
  /** The archive of the log; `undefined`: the state at the end of the backup. */
  wal?: string | undefined;
  /** As PostgreSQL reads a time; `undefined`: everything that the archive has. */
  until?: string | undefined;
  env: NodeJS.ProcessEnv;
}

/**
 * Puts the files of a base backup into a new data folder, ready to recover: whoever starts PostgreSQL on it gets the
 * state of the archive. Nothing that exists is changed.
 *
 * @throws {CommandError}
 */
export async function restoreBase({ backup, data: path, wal, until, env }: BaseRestore): Promise<Manifest> {
  const manifest = await readManifest(resolve(backup));
  if (manifest.kind !== 'base')
    throw new CommandError(`${backup} is a dump of one database: restore it without --data.`);
  const tools = await findPostgresTools(env, 'pg_verifybackup', manifest.postgresMajor);
  const source = join(resolve(backup), DATA);
  await runTool({
    ...tools,
    tool: 'pg_verifybackup',
    args: ['--quiet', ...(tools.major > manifest.postgresMajor ? ['--no-parse-wal'] : []), source],
    env,
  });
  const data = resolve(path);
  const before = await readdir(data).catch(() => []);
  if (before.length > 0) {
    throw new CommandError(`${data} is not empty. Give a new folder; what is in this one may still be needed.`);
  }
  await mkdir(data, { recursive: true, mode: 0o700 });
  await cp(source, data, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  await rm(join(data, 'backup_manifest'));
  await writeFile(join(data, 'postgresql.auto.conf'), recoverySettings(wal && resolve(wal), until), { flag: 'a' });
  await writeFile(join(data, 'recovery.signal'), '');
  return manifest;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function recoverySettings(wal: string | undefined, until: string | undefined): string {
  // Without an archive there is nothing to fetch; PostgreSQL wants a command all the same.
  const fetch = wal === undefined ? 'false' : `cp "${wal}/%f" "%p"`;
  return [
    '',
    '# wag restore',
    `restore_command = ${quoted(fetch)}`,
    `recovery_target_action = 'promote'`,
    ...(until === undefined ? [] : [`recovery_target_time = ${quoted(until)}`]),
    '',
  ].join('\n');
}
