/** The files of the private PostgreSQL: made once, reopened at every later start. */
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { runCommand } from './commands.mjs';
import { LaunchError } from './errors.mjs';
import { readJson, writeJson } from './files.mjs';
import { canExecute, chooseIdentity, NOBODY, runAs, works } from './unprivileged.mjs';

/**
 * Folders for clusters whose owner `nobody` may not enter the data folder. Temporary folders are no place, because
 * systems clean them.
 */
const PUBLIC_HOMES = ['/var/lib', '/var/tmp'];

/** By itself a client that connects hashes its password 4 096 times. Tests connect more than a thousand times. */
const ONE_ITERATION = '--set=scram_iterations=1';
/** The first major version of PostgreSQL with that setting. */
const FIRST_WITH_ITERATIONS = 16;

/**
 * @typedef {object} Cluster
 * @property {string} data the folder given to `postgres -D`
 * @property {string} bin
 * @property {string} major version of PostgreSQL that made it
 * @property {import('./unprivileged.mjs').Identity} identity
 */

/**
 * @param {object} options
 * @param {string} options.folder of the data folder, holds the cluster or a note of where it is
 * @param {import('./postgres-binaries.mjs').PostgresBinaries} options.binaries
 * @param {string} options.password of the role `postgres`
 * @param {boolean} options.durable false only for throwaway data
 * @param {import('./commands.mjs').CommandContext} options.context
 * @returns {Promise<Cluster>}
 */
export async function openCluster({ folder, binaries, password, durable, context }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const note = join(folder, 'cluster.json');
  const known = readJson(note);
  if (known.state === 'damaged') {
    throw new LaunchError(`${note} cannot be read (${known.reason}); it says where the database files are.`, {
      hint: 'Put back a good copy. The database files themselves have not been touched.',
    });
  }
  if (known.state === 'ok') return reopen(known.value, binaries);
  const cluster = adopt(folder, binaries) ?? (await create({ folder, binaries, password, durable, context }));
  writeJson(note, { data: cluster.data, identity: cluster.identity, major: cluster.major });
  return cluster;
}

/**
 * @param {string} folder
 * @returns {string | undefined} the major version of PostgreSQL that made the cluster, when there is one
 */
export function madeBy(folder) {
  const note = readJson(join(folder, 'cluster.json'));
  return note.state === 'ok' ? String(note.value.major) : undefined;
}

/** @param {string} folder */
export function hasCluster(folder) {
  return existsSync(folder) && readdirSync(folder).some((name) => name === 'cluster.json' || /^pg\d+$/.test(name));
}

/**
 * Adopts a finished cluster without a note: the launcher was killed between the two, or the note was deleted. It is
 * never made anew.
 * @param {string} folder
 * @param {import('./postgres-binaries.mjs').PostgresBinaries} binaries
 * @returns {Cluster | undefined}
 */
function adopt(folder, binaries) {
  const name = readdirSync(folder).find((entry) => /^pg\d+$/.test(entry));
  if (name === undefined) return undefined;
  const identity = process.getuid?.() === 0 ? 'namespace' : 'self';
  return reopen({ data: join(folder, name), identity, major: name.slice(2) }, binaries);
}

/**
 * @param {any} note
 * @param {import('./postgres-binaries.mjs').PostgresBinaries} binaries
 * @returns {Cluster}
 */
function reopen(note, binaries) {
  const { data, identity, major } = note;
  if (major !== binaries.major) {
    throw new LaunchError(
      `The data in ${data} was made by PostgreSQL ${major}, but PostgreSQL ${binaries.major} is what there is now.`,
      { hint: `Bring back PostgreSQL ${major}, or move the data with pg_dump. Nothing has been changed.` },
    );
  }
  if (!existsSync(join(data, 'PG_VERSION'))) {
    throw new LaunchError(`The database files in ${data} are gone.`, {
      hint: 'Put them back. To begin again with nothing, move the data folder away.',
    });
  }
  if (!works(identity)) {
    throw new LaunchError(
      `The database in ${data} was made by ${describe(identity)}, and cannot be run by this user.`,
      {
        hint: 'Run the command as the same user, in the same kind of machine or container, as before.',
      },
    );
  }
  return { data, identity, major, bin: reachableBin(identity, binaries, dirname(data)) };
}

/** @param {import('./unprivileged.mjs').Identity} identity */
function describe(identity) {
  if (identity === 'self') return 'an ordinary user';
  return identity === 'namespace' ? 'root in a user namespace' : 'root by way of the user nobody';
}

/**
 * @param {Parameters<typeof openCluster>[0]} options
 * @returns {Promise<Cluster>}
 */
async function create({ folder, binaries, password, durable, context }) {
  const identity = chooseIdentity();
  if (identity === undefined) {
    throw new LaunchError('PostgreSQL does not run as root, and root may not become another user here.', {
      hint: 'Run the command as an ordinary user, or give DATABASE_URL.',
    });
  }
  const home = identity === 'nobody' ? makePublicHome() : folder;
  const bin = reachableBin(identity, binaries, home);
  const data = join(home, `pg${binaries.major}`);
  // An interrupted initdb leaves a folder that looks like a cluster. So only a finished one gets the real name.
  const draft = `${data}.new`;
  const passwordFile = `${data}.password`;
  rmSync(draft, { recursive: true, force: true });
  rmSync(passwordFile, { force: true });
  try {
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (identity === 'nobody') chownSync(passwordFile, NOBODY, NOBODY);
    const settings = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'];
    if (!durable && Number(binaries.major) >= FIRST_WITH_ITERATIONS) settings.push(ONE_ITERATION);
    await runCommand(
      {
        title: 'Creating the database files',
        ...runAs(identity, join(bin, 'initdb'), [`--pgdata=${draft}`, `--pwfile=${passwordFile}`, ...settings]),
        cwd: '/',
      },
      { ...context, env: { ...context.env, LC_ALL: 'C' } },
    );
    renameSync(draft, data);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
  return { data, identity, major: binaries.major, bin };
}

/**
 * The folder of the binaries, or of a copy that the identity can read: a checkout below /root is closed to others.
 * @param {import('./unprivileged.mjs').Identity} identity
 * @param {import('./postgres-binaries.mjs').PostgresBinaries} binaries
 * @param {string} home
 */
function reachableBin(identity, binaries, home) {
  if (identity !== 'nobody' || canExecute(identity, join(binaries.bin, 'postgres'))) return binaries.bin;
  const copy = join(home, `binaries-${binaries.major}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.new`;
    rmSync(draft, { recursive: true, force: true });
    cpSync(binaries.home, draft, { recursive: true, verbatimSymlinks: true });
    openToNobody(draft);
    renameSync(draft, copy);
  }
  return join(copy, basename(binaries.bin));
}

function makePublicHome() {
  for (const parent of PUBLIC_HOMES) {
    try {
      const home = mkdtempSync(join(parent, 'wa-gate-'));
      chownSync(home, NOBODY, NOBODY);
      return home;
    } catch {
      // Read-only in some containers: tries the next one.
    }
  }
  throw new LaunchError(
    `No place for the database files that the user nobody can reach (${PUBLIC_HOMES.join(', ')}).`,
    {
      hint: 'Run the command as an ordinary user, or give DATABASE_URL.',
    },
  );
}

/** @param {string} folder */
function openToNobody(folder) {
  chownSync(folder, NOBODY, NOBODY);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) openToNobody(path);
    else if (!entry.isSymbolicLink()) chownSync(path, NOBODY, NOBODY);
  }
}
