import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  assertMasterKey,
  assertSameDatabase,
  assertSessions,
  createPool,
  createPrisma,
  createSystemLogSink,
  readDatabaseUrls,
} from '@wa-gate/db';
import {
  createLogger,
  createRedis,
  type Logger,
  onShutdown,
  openLogFiles,
  parseMasterKeys,
  type Redis,
  readConfig,
  releaseEngine,
  startTracing,
  systemClock,
} from '@wa-gate/kit';
import { createMediaStore, createWorkFolder, mediaConfigOf, nameOfStore, workFolderPath } from '@wa-gate/media';
import { assertMediaStore } from '@wa-gate/messaging';
import { composeGateway } from './compose/gateway.ts';
import { assertConsistent, type Config, ConfigSchema } from './config.ts';
import { administratorOf } from './modules/auth/index.ts';
import { explainStartFailure } from './start-failure.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Sources, compiler's output and bundle are at the same depth. */
const DASHBOARD_FOLDER = resolve(import.meta.dirname, '../../dashboard/dist');

/** Redis may be away, because it holds hints only. The client reconnects by itself. */
function connectInBackground(redis: Redis, logger: Logger): void {
  redis.connect().catch((error: Error) => logger.warn({ err: error }, 'starting without Redis'));
}

/** What this process is configured with and never logs. */
const secretsOf = (config: Config): (string | undefined)[] =>
  [config.WAG_MASTER_KEY, config.JWT_SECRET, config.SESSION_SECRET, config.WORKER_AUTH_TOKEN]
    .flatMap((value) => value?.split(',').map((secret) => secret.trim()))
    .concat(
      config.ADMIN_PASSWORD,
      config.SMTP_PASS,
      config.WEBHOOK_SECRET,
      config.S3_SECRET_ACCESS_KEY,
      config.METRICS_TOKEN,
      config.SANDBOX_TOKEN,
      config.OTEL_EXPORTER_OTLP_HEADERS,
    );

const sessionName = ({ DATABASE_DIRECT_URL: url }: Config): string => (url ? 'DATABASE_DIRECT_URL' : 'DATABASE_URL');

async function run(config: Config): Promise<void> {
  const tracing = await startTracing({
    service: config.ROLE === 'jobs' ? 'jobs' : 'gateway',
    version,
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
    arePromisesEnough: true,
  });
  const systemLog = createSystemLogSink();
  const logger = createLogger({
    service: 'gateway',
    level: config.LOG_LEVEL,
    secrets: secretsOf(config),
    sinks: [systemLog.sink, ...(config.LOG_FILE_PATH ? openLogFiles({ folder: config.LOG_FILE_PATH }).sinks : [])],
  });
  tracing?.report(logger);
  const masterKeys = parseMasterKeys(config.WAG_MASTER_KEY);
  const { url, sessionUrl } = await readDatabaseUrls(config);
  const pool = createPool({ url, name: 'wag-gateway', max: config.DATABASE_POOL_SIZE });
  const watchPool = createPool({
    url: sessionUrl,
    name: 'wag-gateway-revocations',
    max: 1,
    connectTimeoutMs: 1_000,
    silenceTimeoutMs: 1_000,
  });
  await Promise.all([assertSessions(pool, 'DATABASE_URL'), assertSessions(watchPool, sessionName(config))]);
  await assertMasterKey(pool, masterKeys);
  const mediaConfig = mediaConfigOf(config);
  const media = createMediaStore(mediaConfig);
  await assertMediaStore({ pool, store: media, where: nameOfStore(mediaConfig), logger });
  const workFolder = await createWorkFolder(workFolderPath(config));
  if (sessionUrl !== url) await assertSameDatabase(pool, watchPool);
  systemLog.start(pool);

  const prisma = createPrisma(pool);
  const redis = createRedis({ url: config.REDIS_URL, logger, name: 'gateway', batching: true });
  const subscriber = createRedis({ url: config.REDIS_URL, logger, name: 'gateway-subscriber' });
  connectInBackground(redis, logger);
  connectInBackground(subscriber, logger);

  const clock = systemClock;
  const resources = {
    pool,
    watchPool,
    prisma,
    redis,
    subscriber,
    masterKeys,
    media,
    workFolder,
    logger,
    systemLog,
    clock,
    version,
    dashboardFolder: DASHBOARD_FOLDER,
  };
  const gateway = await composeGateway(resources, config);
  const administrator = administratorOf(config);
  if (administrator && config.ROLE !== 'jobs') {
    const isMade = await gateway.services.auth.ensureAdministrator(administrator.email, administrator.password);
    if (isMade) logger.info('first administrator made');
  }
  if (config.BCRYPT_ROUNDS) logger.warn('BCRYPT_ROUNDS is ignored: passwords are hashed with argon2id');
  await gateway.listen();
  gateway.start();
  releaseEngine();
  // For a process manager that waits for it.
  process.send?.('ready');
  logger.info({ role: config.ROLE, host: config.HOST, port: config.PORT, version }, 'gateway ready');

  onShutdown(logger, config.SHUTDOWN_GRACE_MS, () => [
    { name: 'gateway', close: () => gateway.stop() },
    { name: 'media', close: () => Promise.all([media.close(), workFolder.close()]) },
    { name: 'redis', close: () => [redis.disconnect(), subscriber.disconnect()] },
    { name: 'system log', close: () => systemLog.stop() },
    { name: 'prisma', close: () => prisma.close() },
    { name: 'postgres', close: () => Promise.all([pool.end(), watchPool.end()]) },
    { name: 'tracing', close: () => tracing?.stop() },
  ]);
}

let config: Partial<Config> = {};
try {
  const complete = readConfig(ConfigSchema);
  config = complete;
  assertConsistent(complete);
  await run(complete);
} catch (error) {
  const sentence = explainStartFailure(error, config);
  const shown = sentence ?? `The gateway cannot start: ${error instanceof Error ? error.stack : String(error)}`;
  // Written and flushed before the end: a pipe would lose what is asynchronous.
  process.stderr.write(`${shown}\n`, () => process.exit(1));
}
