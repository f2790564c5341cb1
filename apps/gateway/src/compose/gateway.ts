import { watchPool } from '@wa-gate/db';
import { listenForScrapes, type MetricsServer, watchRedis } from '@wa-gate/kit';
import type { FastifyInstance } from 'fastify';
import { buildGateway, type GatewayServices, type GatewaySettings } from '../app.ts';
import type { Config } from '../config.ts';
import { createDeletionLoop } from '../jobs/deletions/index.ts';
import { createInvariantWatch } from '../jobs/invariants/index.ts';
import {
  createMaintenance,
  EXPIRY_EVERY_MS,
  expiryTask,
  mediaTasks,
  retentionTasks,
  statisticsTask,
} from '../jobs/maintenance/index.ts';
import { createIndexer } from '../jobs/message-index/index.ts';
import { createGatewayMetrics, createJobsMetrics } from '../metrics/index.ts';
import { createHealthService, createProcessMeter } from '../modules/health/index.ts';
import { createMessageIndex } from '../modules/message-index/index.ts';
import { createConnectionDrain } from '../plugins/connection-drain.ts';
import { readDashboard } from '../plugins/dashboard-pages.ts';
import { networkSettings } from '../plugins/transport/index.ts';
import { composeMailing, composeMailQueue, credentialSettings } from './accounts.ts';
import { announcerOf } from './announcer.ts';
import { composeApi } from './api.ts';
import { composeDelivery } from './delivery.ts';
import { composeUsageMover } from './limits.ts';
import { composeNoticeLoop } from './notices.ts';
import type { Background, Resources } from './resources.ts';

/** A gateway that is put together. */
export interface Gateway {
  app: FastifyInstance;
  services: GatewayServices;
  /** Opens the port of the API, and that of the metrics where they have one. */
  listen(): Promise<void>;
  /** Begins what runs by itself: reconciling and delivering, by the role. */
  start(): void;
  /** Ends it all, after SHUTDOWN_DELAY_MS: waits that last, the server, the loops. The resources stay open. */
  stop(): Promise<void>;
}

const retentionOf = ({ AUDIT_RETENTION_DAYS: auditDays, SYSTEM_LOG_RETENTION_DAYS: systemLogDays }: Config) => ({
  auditDays,
  systemLogDays,
});

export async function composeGateway(resources: Resources, config: Config): Promise<Gateway> {
  const { pool, redis, masterKeys, logger, version } = resources;
  const metrics = createGatewayMetrics(pool, version);
  const { instruments } = metrics;
  watchPool(instruments, pool);
  watchRedis(instruments, redis);
  resources.systemLog?.exposeIn(instruments);
  const meter = createProcessMeter();
  const drain = createConnectionDrain(config.SHUTDOWN_DELAY_MS);
  const health = createHealthService({ db: pool, redis, meter, version, isLeaving: () => drain.isDraining });
  const api = composeApi(resources, config, metrics, meter);
  const background: Background[] = [];
  background.push(config.ROLE === 'jobs' ? api.listening : api.background);
  if (config.ROLE !== 'api') {
    const jobsMetrics = createJobsMetrics(instruments, pool);
    background.push(
      composeDelivery(resources, config, jobsMetrics, api.sources).background,
      ...composeMailing(resources, config, jobsMetrics).background,
      api.broadcasting,
      composeNoticeLoop(resources, config, composeMailQueue(resources, config)).background,
      composeUsageMover(resources).background,
      createIndexer({ ...resources, index: createMessageIndex(resources) }),
      createInvariantWatch({ ...resources, metrics: jobsMetrics, everyMs: config.INVARIANT_CHECK_INTERVAL }),
      createDeletionLoop({ ...resources, finishRequest: api.finishRequest, erasedRows: jobsMetrics.erasedRows }),
      createMaintenance({
        ...resources,
        tasks: [
          ...retentionTasks(resources.pool, retentionOf(config)),
          ...mediaTasks(resources),
          statisticsTask(resources.pool),
        ],
      }),
      createMaintenance({
        ...resources,
        tasks: [expiryTask(resources.pool, announcerOf(resources))],
        everyMs: EXPIRY_EVERY_MS,
      }),
    );
  }

  const network = networkSettings(config);
  const settings: GatewaySettings = {
    version,
    metrics: {
      isServed: config.ENABLE_METRICS && config.METRICS_PORT === undefined,
      token: config.METRICS_TOKEN,
    },
    ...credentialSettings(config, masterKeys),
    network,
    corsOrigins: network.corsOrigins,
    allowQueryKey: config.ALLOW_QUERY_API_KEY,
    files: { workFolder: resources.workFolder, maxBytes: config.MEDIA_MAX_BYTES, publicUrl: config.PUBLIC_URL },
    dashboard: resources.dashboardFolder ? readDashboard(resources.dashboardFolder, network.basePath) : undefined,
  };
  const services = config.ROLE === 'jobs' ? undefined : api.services;
  const app = await buildGateway({ logger, metrics, health, settings, drain, services });
  if (services) {
    app.addHook('onReady', () => api.open());
    app.addHook('onClose', () => api.close());
  }
  let scrapes: MetricsServer | undefined;

  async function stop(): Promise<void> {
    await drain.begin();
    api.endWaits();
    await app.close();
    await Promise.all(background.map((part) => part.stop()));
    await api.disconnect();
    await scrapes?.close();
  }
  let stopping: Promise<void> | undefined;

  return {
    app,
    services: api.services,
    async listen() {
      const { ENABLE_METRICS, HOST: host, METRICS_PORT, METRICS_HOST = host, METRICS_TOKEN: token } = config;
      if (ENABLE_METRICS && METRICS_PORT !== undefined) {
        scrapes = await listenForScrapes(instruments.registry, { host: METRICS_HOST, port: METRICS_PORT, token });
      }
      await app.listen({ host, port: config.PORT });
    },
    start() {
      for (const part of background) part.start();
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
