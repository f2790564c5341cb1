// Must be the first import: it patches AsyncLocalStorage before Baileys is loaded.
import './whatsapp/async-context/install.ts';
import { readFileSync } from 'node:fs';
import { DEFAULT_TIMING } from '@wa-gate/cluster';
import {
  assertMasterKey,
  assertSameDatabase,
  assertSessions,
  createPool,
  createSystemLogSink,
  readDatabaseUrls,
  readMessageKey,
  readRecordForm,
  watchPool,
} from '@wa-gate/db';
import {
  collectAtRest,
  createLogger,
  createRedis,
  listenForScrapes,
  type MetricsServer,
  onShutdown,
  openLogFiles,
  orderlyMs,
  parseMasterKeys,
  releaseEngine,
  startTracing,
  systemClock,
  watchRedis,
} from '@wa-gate/kit';
import { createMediaStore, createWorkFolder, mediaConfigOf, nameOfStore, workFolderPath } from '@wa-gate/media';
import { assertMediaStore, createWebhookDoorbell } from '@wa-gate/messaging';
import { buildWorkerApp } from './app.ts';
import { createSessionHost } from './compose/hosting.ts';
import { PACE } from './compose/session-host-dependencies.ts';
import { readWorkerConfig, type WorkerConfig } from './config.ts';
import { createControlPort } from './control/control-stream.ts';
import { LeaseKeeper } from './lease/lease-keeper.ts';
import { createLeasePool, createLeaseStore } from './lease/lease-store.ts';
import { createLoadMeter } from './lease/load-gauges.ts';
import { createMessageCount } from './lease/message-count.ts';
import { createControlPlane } from './lease/registration.ts';
import { describeWorker } from './lease/worker-stats.ts';
import { explainStartFailure } from './start-failure.ts';
import { liveNetwork, sandboxNetwork } from './whatsapp/network.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const POOL_SIZE = 16;
/** Part of the time for an orderly shutdown in which sessions are handed over. */
const SHARE_FOR_HANDOVER = 0.8;
/** Part of the time for an orderly shutdown in which the messages in flight of the other sessions are acknowledged. */
const SHARE_FOR_ACKS = 0.4;

async function run(config: WorkerConfig): Promise<void> {
  const { WORKER_ID: workerId, HOST: host, PORT: port, NETWORK: networkName } = config;
  const tracing = await startTracing({
    service: 'worker',
    version: config.REVISION,
    instance: workerId,
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
  });
  const systemLog = createSystemLogSink();
  const logger = createLogger({
    service: 'worker',
    level: config.LOG_LEVEL,
    bindings: { workerId },
    secrets: [
      ...config.WAG_MASTER_KEY.split(','),
      config.WORKER_AUTH_TOKEN,
      config.METRICS_TOKEN,
      config.S3_SECRET_ACCESS_KEY,
      config.OTEL_EXPORTER_OTLP_HEADERS,
      ...(config.EGRESS_PROXIES ?? '').split(',').map((url) => url.trim()),
    ],
    sinks: [systemLog.sink, ...(config.LOG_FILE_PATH ? openLogFiles({ folder: config.LOG_FILE_PATH }).sinks : [])],
  });
  tracing?.report(logger);
  const masterKeys = parseMasterKeys(config.WAG_MASTER_KEY);
  const timing = DEFAULT_TIMING;
  const { url, sessionUrl } = await readDatabaseUrls(config);
  const pool = createPool({ url, name: `worker ${workerId}`, max: POOL_SIZE, findsByKeys: true });
  const leasePool = createLeasePool(sessionUrl, workerId, timing);
  const sessionName = config.DATABASE_DIRECT_URL ? 'DATABASE_DIRECT_URL' : 'DATABASE_URL';
  await Promise.all([assertSessions(pool, 'DATABASE_URL'), assertSessions(leasePool, sessionName)]);
  await assertMasterKey(pool, masterKeys);
  if (sessionUrl !== url) await assertSameDatabase(pool, leasePool);
  const mediaConfig = mediaConfigOf(config);
  const media = createMediaStore(mediaConfig);
  await assertMediaStore({ pool, store: media, where: nameOfStore(mediaConfig), logger, workerId });
  const workFolder = await createWorkFolder(workFolderPath(config));
  const messageKey = await readMessageKey(pool, masterKeys);
  const recordForm = await readRecordForm(pool);
  systemLog.start(pool);

  const redis = createRedis({ url: config.REDIS_URL, logger, name: `worker ${workerId}` });
  const subscriber = createRedis({ url: config.REDIS_URL, logger, name: `worker ${workerId} doorbells` });
  const webhooks = createWebhookDoorbell({ redisUrl: config.REDIS_URL, logger });
  const network = networkName === 'live' ? liveNetwork() : sandboxNetwork(config.SANDBOX_URL ?? '');
  const leaseMeter = createLoadMeter();
  const messages = createMessageCount(() => sessionHost.metrics.messageCount());
  const lease = new LeaseKeeper({
    store: createLeaseStore(leasePool, workerId, timing, messages),
    clock: systemClock,
    logger,
    timing,
    controlPlane: createControlPlane({ gatewayUrl: config.GATEWAY_URL, joinToken: config.WORKER_AUTH_TOKEN }),
    request: {
      workerId,
      endpoint: config.WORKER_ENDPOINT ?? `http://${host}:${port}`,
      maxSessions: config.MAX_SESSIONS,
      network: networkName,
      revision: config.REVISION,
    },
    meter: leaseMeter,
  });
  const incarnation = () => lease.incarnation;
  /** Each meter measures since its last reading: the control streams read each second, the lease every few. */
  const controlMeter = createLoadMeter();
  let lastLoad = controlMeter.read();
  const control = createControlPort({
    workerId,
    incarnation,
    load() {
      lastLoad = controlMeter.read();
      return lastLoad;
    },
    logger,
  });
  const sessionHost = createSessionHost({
    workerId,
    version: config.REVISION || version,
    pool,
    redis,
    subscriber,
    webhooks,
    network,
    egress: {
      proxies: config.EGRESS_PROXIES,
      allowPrivate: config.PROXY_ALLOW_PRIVATE,
      version: config.WHATSAPP_VERSION,
      device: {
        ...(config.DEVICE_NAME !== undefined && { name: config.DEVICE_NAME }),
        ...(config.DEVICE_BROWSER !== undefined && { browser: config.DEVICE_BROWSER }),
      },
    },
    media,
    workFolder,
    maxFileBytes: config.MEDIA_MAX_BYTES,
    masterKeys,
    messageKey,
    recordForm,
    clock: systemClock,
    logger,
    timing,
    pace: PACE[networkName],
    strategy: config.LB_STRATEGY,
    mayStart: () => lease.isHeld(),
    control,
  });
  const { supervisor, metrics } = sessionHost;
  const { instruments } = metrics;
  systemLog.exposeIn(instruments);
  watchPool(instruments, pool);
  watchRedis(instruments, redis);
  metrics.watchWorker({ maxSessions: config.MAX_SESSIONS, isLeaseHeld: () => lease.isHeld() });
  const app = buildWorkerApp({
    logger,
    probes: {
      workerId,
      network: networkName,
      registry: instruments.registry,
      servesMetrics: config.ENABLE_METRICS && config.METRICS_PORT === undefined,
      metricsToken: config.METRICS_TOKEN,
      incarnation,
      sessionCount: () => supervisor.actors.length,
      messageCount: () => messages.shown(),
      load: () => lastLoad,
      onGatewayAsks: () => lease.summon(),
    },
    stats: () => describeWorker({ supervisor, messageCount: () => messages.shown(), load: () => lastLoad }),
    ownership: { supervisor, workerId, masterKeys, incarnation },
    control,
  });

  let scrapes: MetricsServer | undefined;
  let stopCollecting: (() => void) | undefined;
  // Baileys leaves promises of closed connections unawaited. Such a rejection must not end the process of all sessions.
  process.on('unhandledRejection', (error) => {
    metrics.unhandledRejections.inc();
    logger.warn({ err: error }, 'a promise was rejected and nobody awaited it');
  });
  const inOrderMs = orderlyMs(config.SHUTDOWN_GRACE_MS);
  onShutdown(
    logger,
    config.SHUTDOWN_GRACE_MS,
    () => [
      { name: 'draining', close: () => lease.beginDraining() },
      { name: 'handover', close: () => sessionHost.leave(inOrderMs * SHARE_FOR_HANDOVER) },
      { name: 'sessions', close: () => sessionHost.stop(inOrderMs * SHARE_FOR_ACKS) },
      { name: 'goodbye', close: () => control.goodbye() },
      { name: 'lease', close: () => lease.stop() },
      { name: 'control streams', close: () => control.close() },
      { name: 'http', close: () => Promise.all([app.close(), scrapes?.close()]) },
      { name: 'network', close: () => network.close() },
      { name: 'media', close: () => Promise.all([media.close(), workFolder.close()]) },
      { name: 'load meters', close: () => [leaseMeter.stop(), controlMeter.stop(), stopCollecting?.()] },
      { name: 'webhook doorbells', close: () => webhooks.close() },
      { name: 'redis', close: () => redis.disconnect() },
      { name: 'redis doorbells', close: () => subscriber.disconnect() },
      { name: 'system log', close: () => systemLog.stop() },
      { name: 'postgres', close: () => Promise.all([pool.end(), leasePool.end()]) },
      { name: 'tracing', close: () => tracing?.stop() },
    ],
    {
      survivesRejections: true,
      // Ends the lease last, so that other workers take the sessions over before it would expire.
      cut: async () => {
        supervisor.cut();
        await Promise.allSettled([control.goodbye(), lease.stop()]);
      },
    },
  );

  // Both clients reconnect without a limit. Until then the polls replace the doorbells.
  await Promise.allSettled([redis.connect(), subscriber.connect()]);
  sessionHost.start();
  if (config.ENABLE_METRICS && config.METRICS_PORT !== undefined) {
    const { METRICS_HOST = host, METRICS_PORT, METRICS_TOKEN: token } = config;
    scrapes = await listenForScrapes(instruments.registry, { host: METRICS_HOST, port: METRICS_PORT, token });
  }
  await app.listen({ host, port });
  logger.info({ host, port, network: networkName }, 'listening');
  lease.start({
    counts: () => ({ sessionCount: supervisor.actors.length, messageCount: messages.shown() }),
    onHeld: (current) => supervisor.begin(current),
    onLost: () => supervisor.cut(),
  });
  releaseEngine();
  stopCollecting = collectAtRest({
    work: () => metrics.messageCount(),
    onCollected: (ms) => logger.info({ ms: Math.round(ms) }, 'at rest: memory that is not used given back'),
  });
  // For a process manager that waits for it.
  process.send?.('ready');
}

try {
  await run(readWorkerConfig(process.env));
} catch (error) {
  const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`worker: ${explainStartFailure(error, process.env) ?? unexpected}\n`);
  process.exit(1);
}
