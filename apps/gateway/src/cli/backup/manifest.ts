import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { assertKeyCheck, type Queryable } from '@wa-gate/db';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { CommandError } from '../errors.ts';

const MANIFEST = 'manifest.json';
export const FORMAT = 'wa-gate-backup/1';

/** What a backup says about itself, beside its files. It has no secret. */
const ManifestSchema = Type.Object({
  format: Type.Literal(FORMAT),
  /** `dump`: one database, by pg_dump. `base`: the files of the server, by pg_basebackup. */
  kind: Type.Union([Type.Literal('dump'), Type.Literal('base')]),
  /** The state that it holds, by the clock of the database. Of a base backup: when it began. */
  asOf: Type.String({ format: 'date-time' }),
  postgresMajor: Type.Integer(),
  database: Type.String(),
  /** The last migration. */
  migration: Type.String(),
  /** The known text of the installation under its master key, base64: tells whether a key is the right one. */
  keyCheck: Type.String(),
  counts: Type.Object({
    users: Type.Integer(),
    sessions: Type.Integer(),
    linkedSessions: Type.Integer(),
    messages: Type.Integer(),
    queued: Type.Integer({ description: 'Accepted and not sent.' }),
    events: Type.Integer(),
  }),
  files: Type.Array(Type.Object({ name: Type.String(), bytes: Type.Integer(), sha256: Type.String() })),
});
export type Manifest = Static<typeof ManifestSchema>;

const FACTS = `SELECT date_trunc('milliseconds', clock_timestamp()) AS "asOf", current_database() AS database,
    current_setting('server_version_num')::int / 10000 AS "postgresMajor",
    (SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY migration_name DESC LIMIT 1) AS migration,
    (SELECT encode(key_check, 'base64') FROM installation) AS "keyCheck",
    (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM sessions) AS sessions,
    (SELECT count(*) FROM session_keys k JOIN sessions s ON s.id = k.session_id WHERE k.kind = 'creds') AS "linkedSessions",
    (SELECT count(*) FROM messages) AS messages,
    (SELECT count(*) FROM outbox o JOIN sessions s ON s.id = o.session_id WHERE o.state IN ('HELD', 'QUEUED', 'SENDING')) AS queued,
    (SELECT count(*) FROM events) AS events`;

type Facts = Omit<Manifest, 'format' | 'kind' | 'asOf' | 'counts' | 'files'> & { asOf: Date } & Manifest['counts'];

/**
 * What the database says about itself. Call it in the transaction whose snapshot is backed up.
 *
 * @throws {CommandError} when no installation has used it
 */
export async function describeDatabase(tx: Queryable): Promise<Omit<Manifest, 'format' | 'kind' | 'files'>> {
  const { rows } = await tx.query<Facts>(FACTS);
  const { asOf, database, postgresMajor, migration, keyCheck, ...counts } = rows[0]!;
  if (!keyCheck) throw new CommandError('This database was never used by wa-gate: there is nothing to back up.');
  return {
    asOf: asOf.toISOString(),
    database,
    postgresMajor,
    migration,
    keyCheck: keyCheck.replaceAll('\n', ''),
    counts,
  };
}

async function describeFile(folder: string, name: string): Promise<Manifest['files'][number]> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, name)), hash);
  const { size } = await stat(join(folder, name));
  return { name, bytes: size, sha256: hash.digest('hex') };
}

/** Writes the manifest: last, so that a backup without one is not complete. */
export async function writeManifest(
  folder: string,
  manifest: Omit<Manifest, 'format' | 'files'>,
  names: readonly string[],
): Promise<Manifest> {
  const files = await Promise.all(names.map((name) => describeFile(folder, name)));
  const complete: Manifest = { format: FORMAT, ...manifest, files };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(complete, null, 2)}\n`, { mode: 0o600 });
  return complete;
}

/**
 * Reads the manifest of a backup, and checks that its files are as they were.
 *
 * @throws {CommandError}
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`${folder} is no complete backup: its ${MANIFEST} cannot be read (${cause.code}).`, {
      cause,
    });
  });
  const manifest: unknown = JSON.parse(text);
  if (!Value.Check(ManifestSchema, manifest)) {
    throw new CommandError(`${join(folder, MANIFEST)} is not one that this version of wa-gate reads.`);
  }
  for (const file of manifest.files) {
    const present = await describeFile(folder, file.name).catch((cause: NodeJS.ErrnoException) => {
      throw new CommandError(`The backup is not complete: ${file.name} cannot be read (${cause.code}).`, { cause });
    });
    if (present.bytes !== file.bytes || present.sha256 !== file.sha256) {
      throw new CommandError(`The backup is damaged: ${file.name} is not as it was written. Take another copy.`);
    }
  }
  return manifest;
}

/**
 * Checks that the stored secrets of a backup can be opened. Without the right key it would be a database whose
 * sessions need a new QR code each.
 *
 * @throws {MasterKeyError}
 */
export function assertKeyOf({ keyCheck }: Manifest, masterKeys: readonly Uint8Array[]): void {
  assertKeyCheck(Buffer.from(keyCheck, 'base64'), masterKeys);
}
