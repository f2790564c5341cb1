/**
 * Finds the Redis to run: one on PATH, else one of the package archive of the system, unpacked into a private folder.
 * Nothing is installed and no rights are needed. No npm package has a Redis that runs on Debian 12.
 */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runCommand } from './commands.mjs';
import { LaunchError } from './errors.mjs';
import { isRunnable, onPath } from './executables.mjs';

const SERVERS = ['redis-server', 'valkey-server'];
const PACKAGE = 'redis-server';

/** @typedef {{ path: string, env: NodeJS.ProcessEnv }} RedisBinary */

/**
 * @param {import('./commands.mjs').CommandContext & {
 *   progress: import('./progress.mjs').Progress, fallbackCache: string }} context
 * @returns {Promise<RedisBinary>}
 */
export async function findRedis({ progress, fallbackCache, ...context }) {
  for (const name of SERVERS) {
    const path = onPath(name, context.env.PATH);
    if (path !== undefined) return { path, env: {} };
  }
  const home = join(cacheFolder(context.env, fallbackCache), `redis-${process.arch}`);
  const unpacked = unpackedBinary(home);
  if (unpacked) return unpacked;
  if (onPath('apt-get', context.env.PATH) === undefined || onPath('dpkg-deb', context.env.PATH) === undefined) {
    throw new LaunchError('There is no Redis on this machine.', {
      hint: 'Install redis-server or valkey-server, or give REDIS_URL.',
    });
  }
  await progress.step('Fetching Redis from the package archive of this system (nothing is installed)', (note) =>
    unpackRedis(home, { ...context, note }),
  );
  const fetched = unpackedBinary(home);
  if (fetched) return fetched;
  throw new LaunchError('The package archive of this system has no Redis that we can unpack.', {
    hint: 'Install redis-server or valkey-server, or give REDIS_URL.',
  });
}

/**
 * @param {string} home
 * @param {import('./commands.mjs').CommandContext & { note: (text: string) => void }} options
 */
async function unpackRedis(home, { note, ...context }) {
  const draft = `${home}.${process.pid}`;
  const inside = (/** @type {string} */ name) => join(draft, name);
  for (const folder of ['lists/partial', 'cache/archives/partial', 'state', 'log', 'root']) {
    mkdirSync(inside(folder), { recursive: true });
  }
  const settings = {
    'Dir::State': inside('state'),
    'Dir::State::Lists': inside('lists'),
    'Dir::State::status': '/var/lib/dpkg/status', // what the machine has need not be fetched
    'Dir::Cache': inside('cache'),
    'Dir::Log': inside('log'),
    'Debug::NoLocking': '1',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': '20',
    'APT::Update::Error-Mode': 'any', // lists that cannot be refreshed name packages that are gone
    // apt drops its rights for downloads, and that user could not enter our folder.
    ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  const options = ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  const run = (/** @type {string} */ command, /** @type {string[]} */ args) =>
    runCommand(
      {
        title: `Fetching Redis (${command})`,
        command,
        args,
        onLine: note,
        hint: 'Install redis-server, or give REDIS_URL.',
      },
      { ...context, env: { ...context.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' } },
    );
  try {
    await run('apt-get', [...options, 'update']);
    await run('apt-get', [...options, '-y', '--no-install-recommends', '--download-only', 'install', PACKAGE]);
    const archives = readdirSync(inside('cache/archives')).filter((name) => name.endsWith('.deb'));
    for (const name of archives) await run('dpkg-deb', ['-x', join(inside('cache/archives'), name), inside('root')]);
    rmSync(home, { recursive: true, force: true });
    renameSync(inside('root'), home);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * @param {string} home
 * @returns {RedisBinary | undefined}
 */
function unpackedBinary(home) {
  const path = join(home, 'usr', 'bin', PACKAGE);
  if (!isRunnable(path)) return undefined;
  const lib = join(home, 'usr', 'lib');
  const folders = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : [];
  return { path, env: { LD_LIBRARY_PATH: folders.join(delimiter) } };
}

/**
 * The cache folder, shared by all checkouts of this user where possible, so that there is one download.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} fallback
 */
function cacheFolder(env, fallback) {
  const preferred = join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'wa-gate');
  for (const folder of [preferred, fallback]) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
      return folder;
    } catch {
      // A user without a home: uses the fallback in the data folder.
    }
  }
  throw new LaunchError(`Neither ${preferred} nor ${fallback} can be written.`);
}
