#!/usr/bin/env node
/**
 * `node deploy/prepare.mjs`: the secrets for `compose.yaml`, one file each in `deploy/secrets`. What is there already
 * is checked and never changed, so it may be run again at any time. Needs nothing but Node.
 *
 * The master key encrypts what is in the database. So where there is a database and no key, none is made: the right one
 * has to be put back.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** By `name:` of compose.yaml. */
const DATABASE_VOLUME = 'wa-gate_postgres';
const MASTER_KEY_BYTES = 32;
/** The folder keeps others out; the files are mounted one by one, for user 1000 of the images. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o444;

const password = (bytes = 24) => randomBytes(bytes).toString('base64url');

/** A refusal with what to do about it. */
class PrepareError extends Error {}

/**
 * Each with how it is made; later ones may use those before them.
 * @type {readonly [name: string, make: (made: Record<string, string>) => string][]}
 */
const SECRETS = [
  ['master_key', () => randomBytes(MASTER_KEY_BYTES).toString('base64')],
  ['postgres_password', () => password()],
  [
    'database_url',
    ({ postgres_password: secret = '' }) => `postgresql://wa_gate:${encodeURIComponent(secret)}@postgres:5432/wa_gate`,
  ],
  ['worker_token', () => password(32)],
  ['admin_password', () => password(15)],
  ['grafana_password', () => password(15)],
  ['s3.env', () => `RUSTFS_ACCESS_KEY=wa-gate\nRUSTFS_SECRET_KEY=${password()}`],
];

/** @param {string} folder */
function prepare(folder) {
  makeFolder(folder);
  const missing = SECRETS.map(([name]) => name).filter((name) => !existsSync(join(folder, name)));
  for (const name of ['master_key', 'postgres_password']) {
    if (missing.includes(name) && hasDatabase()) {
      throw new PrepareError(
        `${join(folder, name)} is missing, but there is a database already (volume ${DATABASE_VOLUME}). ` +
          `Put the file back; to begin again with nothing, remove the volume: docker volume rm ${DATABASE_VOLUME}.`,
      );
    }
  }
  /** @type {Record<string, string>} */
  const secrets = {};
  for (const [name, make] of SECRETS) {
    const path = join(folder, name);
    if (missing.includes(name)) {
      // Only where there is none: two runs at once must not make two keys.
      writeFileSync(path, `${make(secrets)}\n`, { flag: 'wx', mode: FILE_MODE });
      chmodSync(path, FILE_MODE);
    }
    secrets[name] = readSecret(path);
  }
  const key = secrets.master_key?.split(',')[0] ?? '';
  if (Buffer.from(key, 'base64').length !== MASTER_KEY_BYTES) {
    throw new PrepareError(`${join(folder, 'master_key')} is no key of 32 bytes in base64. Put the right one back.`);
  }
  return missing;
}

/** @param {string} folder */
function makeFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    readdirSync(folder);
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new PrepareError(`${folder} cannot be used (${code}). Run this as the user who owns it.`);
  }
}

/** @param {string} path */
function readSecret(path) {
  const { mode, size } = statSync(path);
  if (statSync(path).isDirectory()) {
    throw new PrepareError(
      `${path} is a folder: Docker made it, because the file was missing. Remove it and run this again.`,
    );
  }
  if (size === 0)
    throw new PrepareError(`${path} is empty. Write the secret into it, or remove it and run this again.`);
  if ((mode & 0o004) === 0) {
    throw new PrepareError(`${path} cannot be read by user 1000 of the images. Let it be read: chmod 444 ${path}.`);
  }
  return readFileSync(path, 'utf8').trim();
}

/** Whether the volume of the database is there. Without Docker there is none that could be used. */
function hasDatabase() {
  return spawnSync('docker', ['volume', 'inspect', DATABASE_VOLUME], { stdio: 'ignore' }).status === 0;
}

try {
  const [folder = join(import.meta.dirname, 'secrets')] = process.argv.slice(2);
  const made = prepare(resolve(folder));
  const what = made.length === 0 ? 'All secrets are there' : `Made ${made.join(', ')}`;
  process.stdout.write(`${what}, in ${resolve(folder)}. Keep a copy of master_key where the backups are not.\n`);
} catch (error) {
  if (!(error instanceof PrepareError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
