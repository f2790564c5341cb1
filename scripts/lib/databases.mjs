/** The PostgreSQL and the Redis of an installation: external ones that are configured, else private ones. */
import { join } from 'node:path';
import { requireRedis } from './external.mjs';
import { postgresSpec, postgresUrl } from './postgres.mjs';
import { findPostgres } from './postgres-binaries.mjs';
import { madeBy, openCluster } from './postgres-cluster.mjs';
import { redisSpec, redisUrl } from './redis.mjs';
import { findRedis } from './redis-binary.mjs';

/**
 * @typedef {object} DatabaseOptions
 * @property {{ postgres?: string | undefined, redis?: string | undefined }} external URLs of those that run elsewhere
 * @property {string} database name of the database in a private PostgreSQL
 * @property {import('./data-dir.mjs').DataDir} dataDir
 * @property {{ postgresPassword: string, redisPassword: string }} secrets
 * @property {Record<string, number>} ports
 * @property {boolean} durable false only for throwaway data
 * @property {import('./progress.mjs').Progress} progress
 * @property {import('./commands.mjs').CommandContext} context
 * @property {(spec: import('./child.mjs').ChildSpec) => Promise<void>} start
 */

/**
 * @param {DatabaseOptions} options
 * @returns {Promise<{ databaseUrl: string, redisUrl: string }>}
 */
export async function provideDatabases(options) {
  const { external, progress, dataDir, context } = options;
  if (external.redis) await requireRedis(external.redis);
  const redis = external.redis
    ? undefined
    : await findRedis({ progress, fallbackCache: join(dataDir.path, 'cache'), ...context });
  if (external.postgres && external.redis) return { databaseUrl: external.postgres, redisUrl: external.redis };
  return progress.step('Starting the databases', async () => {
    const starting = [
      external.postgres ? Promise.resolve(external.postgres) : startPostgres(options),
      redis ? startRedis(options, redis) : Promise.resolve(external.redis ?? ''),
    ];
    // Waits for both, so that neither is still starting while the failure of the other is handled.
    await Promise.allSettled(starting);
    const [databaseUrl = '', redisUrl = ''] = await Promise.all(starting);
    return { databaseUrl, redisUrl };
  });
}

/** @param {DatabaseOptions} options */
async function startPostgres({ dataDir, secrets, ports, durable, database, progress, context, start }) {
  const binaries = await findPostgres(context, madeBy(dataDir.postgres));
  const password = secrets.postgresPassword;
  const cluster = await openCluster({ folder: dataDir.postgres, binaries, password, durable, context });
  if (!cluster.data.startsWith(dataDir.path)) {
    progress.say(`  PostgreSQL may not run as root here: it runs as nobody, its files are in ${cluster.data}`);
  }
  const port = ports.postgres ?? 0;
  const logFile = join(dataDir.logs, 'postgres.log');
  await start(postgresSpec({ cluster, port, durable, logFile, env: context.env }));
  return postgresUrl({ port, password, database });
}

/**
 * @param {DatabaseOptions} options
 * @param {import('./redis-binary.mjs').RedisBinary} binary
 */
async function startRedis({ dataDir, secrets, ports, durable, context, start }, binary) {
  const port = ports.redis ?? 0;
  const password = secrets.redisPassword;
  const logFile = join(dataDir.logs, 'redis.log');
  await start(redisSpec({ binary, folder: dataDir.redis, port, password, durable, logFile, env: context.env }));
  return redisUrl({ port, password });
}
