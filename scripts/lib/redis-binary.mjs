/**
 * Finds the Redis to run: one on PATH, else one of the package archive of the system, unpacked into a private folder.
 * Nothing is installed and no rights are needed. No npm package has a Redis that runs on Debian 12.
 */
import { join } from 'node:path';
import { cacheFolder, hasDebianTools, librariesOf, makeDebianCopy } from './debian-packages.mjs';
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
  if (!hasDebianTools(context.env)) {
    throw new LaunchError('There is no Redis on this machine.', {
      hint: 'Install redis-server or valkey-server, or give REDIS_URL.',
    });
  }
  await progress.step('Fetching Redis from the package archive of this system (nothing is installed)', (note) =>
    makeDebianCopy(
      { name: 'Redis', home, packages: [PACKAGE], hint: 'Install redis-server, or give REDIS_URL.' },
      { ...context, note },
    ),
  );
  const fetched = unpackedBinary(home);
  if (fetched) return fetched;
  throw new LaunchError('The package archive of this system has no Redis that we can unpack.', {
    hint: 'Install redis-server or valkey-server, or give REDIS_URL.',
  });
}

/**
 * @param {string} home
 * @returns {RedisBinary | undefined}
 */
function unpackedBinary(home) {
  const path = join(home, 'usr', 'bin', PACKAGE);
  if (!isRunnable(path)) return undefined;
  return { path, env: { LD_LIBRARY_PATH: librariesOf(home) } };
}
