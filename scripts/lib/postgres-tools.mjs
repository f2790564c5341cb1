/**
 * Finds a PostgreSQL with its programs for backups (`pg_dump`, `pg_basebackup`): one of the system, else one of its
 * package archive, unpacked into a private folder. The package that `npm start` runs has only the server.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, hasDebianTools, librariesOf, makeDebianCopy } from './debian-packages.mjs';
import { LaunchError } from './errors.mjs';
import { isRunnable } from './executables.mjs';

const PROGRAMS = ['postgres', 'initdb', 'pg_dump', 'pg_restore', 'pg_basebackup', 'pg_verifybackup'];
const VERSIONS = join('usr', 'lib', 'postgresql');
const HINT = 'Install postgresql (Debian), or name the folder of its programs in PG_BIN.';

/**
 * @typedef {object} CompletePostgres
 * @property {string} home folder that holds bin
 * @property {string} bin
 * @property {string} major
 * @property {NodeJS.ProcessEnv} env with which its programs find their libraries
 */

/**
 * @param {import('./commands.mjs').CommandContext & {
 *   progress: import('./progress.mjs').Progress, fallbackCache: string }} context
 * @returns {Promise<CompletePostgres>}
 */
export async function findCompletePostgres({ progress, fallbackCache, ...context }) {
  const installed = newestBelow('/');
  if (installed) return { ...installed, env: {} };
  const home = join(cacheFolder(context.env, fallbackCache), `postgresql-${process.arch}`);
  if (!newestBelow(home)) {
    if (!hasDebianTools(context.env)) {
      throw new LaunchError('There is no PostgreSQL with its programs for backups on this machine.', { hint: HINT });
    }
    await progress.step('Fetching PostgreSQL from the package archive of this system (nothing is installed)', (note) =>
      makeDebianCopy({ name: 'PostgreSQL', home, packages: ['postgresql'], hint: HINT }, { ...context, note }),
    );
  }
  const unpacked = newestBelow(home);
  if (unpacked) return { ...unpacked, env: { LD_LIBRARY_PATH: librariesOf(home) } };
  throw new LaunchError('The package archive of this system has no PostgreSQL that we can unpack.', { hint: HINT });
}

/** @param {string} root */
function newestBelow(root) {
  const folder = join(root, VERSIONS);
  if (!existsSync(folder)) return undefined;
  const versions = readdirSync(folder).filter((name) => /^\d+$/.test(name));
  for (const major of versions.sort((a, b) => Number(b) - Number(a))) {
    const home = join(folder, major);
    const bin = join(home, 'bin');
    if (PROGRAMS.every((program) => isRunnable(join(bin, program)))) return { home, bin, major };
  }
  return undefined;
}
