import { assertMasterKey, inTransaction } from '@wa-gate/db';
import { RECOVERY_KINDS, type Recovery, type RecoveryKind, recoverInstallation } from '@wa-gate/messaging';
import { Option } from 'commander';
import { backUpBase, restoreBase } from '../backup/base-backup.ts';
import { dumpDatabase } from '../backup/dump.ts';
import { assertKeyOf, type Manifest, readManifest } from '../backup/manifest.ts';
import { type RestoreReport, restoreDump } from '../backup/restore-dump.ts';
import type { CommandContext, Register } from '../command-context.ts';
import { UsageError } from '../errors.ts';
import { bytes, fields, table } from '../output.ts';
import { type JsonOption, jsonOption, present } from './json-option.ts';

interface BackupOptions extends JsonOption {
  base?: boolean;
}

interface RestoreOptions extends JsonOption {
  replace?: boolean;
  data?: string;
  wal?: string;
  until?: string;
}

interface RecoverOptions extends JsonOption {
  kind: RecoveryKind;
  asOf?: string;
}

const KEEP_THE_KEY = 'It is of no use without WAG_MASTER_KEY, which is not in it: keep that one elsewhere.';
const LOST_SHOWN = 20;

export const backupCommands: Register = (program, run) => {
  program
    .command('backup <folder>')
    .description('back up the database with pg_dump into a new folder, while everything runs')
    .option('--base', 'all files of the server with pg_basebackup, to which archived log can be added')
    .addOption(jsonOption())
    .action((folder: string, options: BackupOptions) => run((context) => backup(context, folder, options)));
  program
    .command('restore <folder>')
    .description('restore a backup to DATABASE_URL, and make it safe to use: keys that are behind are renewed')
    .option('--replace', 'take the place of a database that is not empty; that one stays under another name')
    .option('--data <folder>', 'of a base backup: the data folder to make')
    .option('--wal <folder>', 'of a base backup: the archive of the log')
    .option('--until <time>', 'of a base backup: stop at this time. Default: everything that is archived')
    .addOption(jsonOption())
    .action((folder: string, options: RestoreOptions) => run((context) => restore(context, folder, options)));
  program
    .command('recover')
    .description(
      'make a database safe to use that may be behind what was sent since: after a base backup was restored, after an asynchronous replica was promoted. Before any process uses it',
    )
    .addOption(new Option('--kind <kind>', 'what happened').choices(RECOVERY_KINDS).default('restored'))
    .option('--as-of <time>', 'the state that it holds, for the events that tell of it')
    .addOption(jsonOption())
    .action((options: RecoverOptions) => run((context) => recover(context, options)));
};

async function backup(context: CommandContext, folder: string, options: BackupOptions): Promise<void> {
  const pool = context.database();
  await assertMasterKey(pool, context.masterKeys());
  const given = { pool, url: context.databaseUrl(), folder, env: context.env };
  const manifest = await (options.base ? backUpBase(given) : dumpDatabase(given));
  present(context, options, { folder, ...manifest }, () => `${describe(manifest, folder)}\n\n${KEEP_THE_KEY}`);
}

function describe({ kind, asOf, database, counts, migration, files }: Manifest, folder: string): string {
  const size = files.reduce((sum, file) => sum + file.bytes, 0);
  return fields([
    ['backup', folder],
    ['kind', kind === 'dump' ? `dump of ${database}, ${bytes(size)}` : `base backup of the server of ${database}`],
    ['state of', asOf],
    ['sessions', `${counts.sessions}, ${counts.linkedSessions} linked`],
    ['messages', `${counts.messages}, ${counts.queued} not sent`],
    ['last migration', migration],
  ]);
}

async function restore(context: CommandContext, folder: string, options: RestoreOptions): Promise<void> {
  const { data, wal, until, replace = false } = options;
  if (data === undefined && (wal !== undefined || until !== undefined)) {
    throw new UsageError('--wal and --until are for a base backup, which needs --data <folder>.');
  }
  const masterKeys = context.masterKeys();
  if (data !== undefined) {
    assertKeyOf(await readManifest(folder), masterKeys);
    const manifest = await restoreBase({ backup: folder, data, wal, until, env: context.env });
    present(context, options, { manifest, data }, () =>
      [
        describe(manifest, folder),
        '',
        `The files are in ${data}. Now:`,
        `  1. Start PostgreSQL ${manifest.postgresMajor} on them, as the user that owns them. It recovers, and takes connections when it is done.`,
        '  2. wag recover --kind restored    before any process of wa-gate uses it: its keys are behind what was sent.',
        '  3. Start wa-gate.',
      ].join('\n'),
    );
    return;
  }
  const { env, note } = context;
  const report = await restoreDump({ backup: folder, url: context.databaseUrl(), masterKeys, replace, env, note });
  present(context, options, report, () => describeRestore(report, folder));
}

function describeRestore({ manifest, recovery, before, lost }: RestoreReport, folder: string): string {
  const parts = [describe(manifest, folder), '', describeRecovery(recovery)];
  if (before) parts.push(`The database before is ${before} now. Drop it when nothing of it is needed.`);
  if (lost) {
    const count = lost.messages.length + lost.more;
    parts.push(
      '',
      `After ${lost.since}, and not restored: ${count} messages, ${lost.sessions.length} sessions, ${lost.users.length} users, ${lost.apiKeys} keys.`,
    );
    const shown = lost.messages.slice(0, LOST_SHOWN);
    if (shown.length > 0) {
      parts.push(
        table(
          [
            { title: 'message', value: (message) => message.messageId },
            { title: 'session', value: (message) => message.sessionId },
            { title: '', value: (message) => message.direction },
            { title: 'chat', value: (message) => message.chat },
            { title: 'state', value: (message) => message.state },
            { title: 'created', value: (message) => message.createdAt },
          ],
          shown,
        ),
      );
    }
    if (count > shown.length) parts.push(`… and ${count - shown.length} more; --json names them.`);
  } else {
    parts.push(`What happened after ${manifest.asOf} is not in it.`);
  }
  return [...parts, '', 'Keys and passwords that were revoked or changed since are as they were then.'].join('\n');
}

async function recover(context: CommandContext, options: RecoverOptions): Promise<void> {
  const asOf = options.asOf === undefined ? null : new Date(options.asOf);
  if (asOf && Number.isNaN(asOf.getTime())) throw new UsageError('--as-of takes a time such as 2026-01-15T10:30:00Z.');
  const pool = context.database();
  await assertMasterKey(pool, context.masterKeys());
  const recovery = await inTransaction(pool, (tx) => recoverInstallation(tx, { kind: options.kind, asOf }));
  present(context, options, recovery, () => describeRecovery(recovery));
}

const describeRecovery = ({ sessions, queued, unknown }: Recovery): string =>
  [
    `${sessions} linked sessions begin new Signal sessions with their contacts when they connect; none needs a QR code.`,
    `${queued} messages that were waiting go out, under the ids that they had.`,
    `${unknown} messages whose senders wanted no second attempt become unknown.`,
    'All logins have ended.',
  ].join('\n');
