import { createRouteTable, DEFAULT_TIMING } from '@wa-gate/cluster';
import type { Network } from '@wa-gate/db';
import { createSecretBox, redisKeys } from '@wa-gate/kit';
import { ringReconcilers } from '@wa-gate/messaging';
import type { FastifyInstance } from 'fastify';
import { buildGateway, type GatewayServices, type GatewaySettings } from '../app.ts';
import type { Config } from '../config.ts';
import { createInvariantWatch } from '../jobs/invariants/index.ts';
import { createMaintenance, retentionTasks } from '../jobs/maintenance/index.ts';
import {
  createWebhookClient,
  createWebhookConsumer,
  createWebhookDeliverer,
  createWebhookDrain,
} from '../jobs/webhooks/index.ts';
import { createGatewayMetrics, type GatewayMetrics } from '../metrics/index.ts';
import { createKeyStore, createKeysRepository, createKeysService } from '../modules/api-keys/index.ts';
import { createAuditLog } from '../modules/audit/index.ts';
import {
  createDashboardService,
  createHistoryRepository,
  createMetricsRepository,
} from '../modules/dashboard/index.ts';
import { createHealthService, createProcessMeter, type ProcessMeter } from '../modules/health/index.ts';
import { createLiveLogins, createPeople } from '../modules/identities/index.ts';
import { createMessagesRepository, createMessagesService, createOutcomeWaiter } from '../modules/messages/index.ts';
import { createSessionDirectory, createSessionsRepository, createSessionsService } from '../modules/sessions/index.ts';
import { createQrHistoryRepository } from '../modules/single-account/index.ts';
import { createWebhooksService, WEBHOOK_SECRETS_BOX } from '../modules/webhooks/index.ts';
import { networkSettings } from '../plugins/transport/index.ts';
import { createRevocations } from '../revocations/revocations.ts';
import { createControlStreams } from '../worker-links/control-streams.ts';
import { createBells } from '../worker-links/doorbells.ts';
import { createOwnerLink } from '../worker-links/owner-link.ts';
import { createPlacementService } from '../worker-links/placement.ts';
import { createReconciler } from '../worker-links/reconciler.ts';
import { createSubscriptions } from '../worker-links/subscriptions.ts';
import { composeAccounts, composeMailing, credentialSettings } from './accounts.ts';
import { composeAdministration, composeRemover } from './administration.ts';
import { composeLimits, composeUsageMover } from './limits.ts';
import type { Background, Resources } from './resources.ts';
import { composeWorkers, connectToWorkers } from './workers.ts';
import { composeWorkspaces } from './workspaces.ts';

/** A gateway that is put together. */
export interface Gateway {
  app: FastifyInstance;
  services: GatewayServices;
  /** Begins what runs by itself: reconciling and delivering, by the role. */
  start(): void;
  /** Ends it all: waits that last, the server, the loops. The resources stay open. */
  stop(): Promise<void>;
}

const networkOf = ({ DEFAULT_NETWORK }: Config): Network => (DEFAULT_NETWORK === 'live' ? 'LIVE' : 'SANDBOX');

const retentionOf = ({ AUDIT_RETENTION_DAYS: auditDays, SYSTEM_LOG_RETENTION_DAYS: systemLogDays }: Config) => ({
  auditDays,
  systemLogDays,
});

const webhookSecrets = ({ masterKeys }: Resources) => createSecretBox(masterKeys, WEBHOOK_SECRETS_BOX);

export async function composeGateway(resources: Resources, config: Config): Promise<Gateway> {
  const { pool, redis, masterKeys, logger, version } = resources;
  const metrics = createGatewayMetrics(pool);
  resources.systemLog?.exposeIn(metrics.registry);
  const meter = createProcessMeter();
  const health = createHealthService({ db: pool, redis, meter, version });
  const api = composeApi(resources, config, metrics, meter);
  const background: Background[] = [];
  if (config.ROLE !== 'jobs') background.push(api.reconciling);
  if (config.ROLE !== 'api') {
    background.push(
      composeDelivering(resources, config, metrics),
      ...composeMailing(resources, config),
      composeUsageMover(resources),
      createInvariantWatch({ ...resources, metrics }),
      createMaintenance({ ...resources, tasks: retentionTasks(resources.pool, retentionOf(config)) }),
    );
  }

  const network = networkSettings(config);
  const settings: GatewaySettings = {
    version,
    serveMetrics: config.ENABLE_METRICS,
    ...credentialSettings(config, masterKeys),
    network,
    corsOrigins: network.corsOrigins,
    allowQueryKey: config.ALLOW_QUERY_API_KEY,
  };
  const services = config.ROLE === 'jobs' ? undefined : api.services;
  const app = await buildGateway({ logger, metrics, health, settings, services });
  if (services) {
    app.addHook('onReady', async () => {
      api.revocations.start();
      await api.limits.start();
    });
    app.addHook('onClose', async () => {
      await Promise.all([api.revocations.stop(), api.limits.stop()]);
    });
  }

  async function stop(): Promise<void> {
    api.endWaits();
    await app.close();
    await Promise.all(background.map((part) => part.stop()));
    await api.close();
  }
  let stopping: Promise<void> | undefined;

  return {
    app,
    services: api.services,
    start() {
      for (const part of background) part.start();
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** The services behind the routes, and the loop that places what is nowhere. */
function composeApi(resources: Resources, config: Config, metrics: GatewayMetrics, meter: ProcessMeter) {
  const { pool, watchPool, prisma, redis, subscriber, masterKeys, logger, clock } = resources;
  const defaultNetwork = networkOf(config);
  const subscriptions = createSubscriptions(subscriber);
  const { addresses, dispatchers } = connectToWorkers(config);
  const routes = createRouteTable({ db: pool, redis, logger, onRedisError: () => metrics.redisErrors.inc() });

  const revocations = createRevocations({ pool, watchPool, logger });
  const limits = composeLimits(resources, config, { revocations, metrics });
  const keys = createKeyStore({ db: pool, revocations, logger });
  const people = createPeople({ db: pool, revocations });
  const logins = createLiveLogins({ db: pool, revocations });
  const accounts = composeAccounts(resources, config, { revocations, people, keys, defaultNetwork });
  const directory = createSessionDirectory({ db: pool, revocations });
  const placement = createPlacementService({
    pool,
    revocations,
    routes,
    strategy: config.LB_STRATEGY,
    timing: DEFAULT_TIMING,
    ringWorker: (workerId) => bells.ringWorker(workerId),
  });
  const streams = createControlStreams({
    db: pool,
    addresses,
    masterKeys,
    clock,
    logger,
    everyMs: DEFAULT_TIMING.reconcileEveryMs,
    onEvidence(_target, evidence, isNews) {
      if (!isNews) return;
      metrics.workerDeaths.inc({ evidence });
      reconciler.ring();
    },
  });
  metrics.watchControlStreams(() => streams.count());
  const bells = createBells({ streams, routes, redis, logger });
  const owner = createOwnerLink({ routes, dispatchers, masterKeys, logger });
  const waiter = createOutcomeWaiter({ bells, streams, subscriptions, logger });
  const webhooks = createWebhooksService({
    pool,
    secrets: webhookSecrets(resources),
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
    baseSecret: config.WEBHOOK_SECRET,
  });

  const fleet = composeWorkers(resources, config, {
    addresses,
    dispatchers,
    streams,
    bells,
    routes,
    metrics,
    defaultNetwork,
    look,
  });

  const sessions = createSessionsService({
    pool,
    sessions: createSessionsRepository({ pool, prisma }),
    keys,
    webhooks,
    placement,
    defaultNetwork,
    logger,
  });
  const remover = composeRemover(resources, { routes, owner, sessions });
  const workspaces = composeWorkspaces(resources, { revocations, remover, mail: accounts.mail });
  const administration = composeAdministration(resources, {
    revocations,
    remover,
    fleet: fleet.services.workerAdministration,
  });

  const services: GatewayServices = {
    keys,
    apiKeys: createKeysService({ db: pool, keys: createKeysRepository(pool), revocations, defaultNetwork }),
    people,
    logins,
    directory,
    owner,
    webhooks,
    audit: createAuditLog({ pool }),
    ...limits.services,
    auth: accounts.auth,
    account: accounts.account,
    ...workspaces,
    sessions,
    qrHistory: createQrHistoryRepository(pool),
    dashboard: createDashboardService({
      figures: createMetricsRepository(pool),
      history: createHistoryRepository(pool),
      meter,
    }),
    messages: createMessagesService({ db: pool, bells, messages: createMessagesRepository(pool), waiter }),
    ...fleet.services,
    ...administration,
  };

  /** Who is there has changed: every gateway looks, this one without Redis. */
  function look(): void {
    reconciler.ring();
    ringReconcilers(redis);
  }

  const reconciler = createReconciler({ placement, clock, logger, metrics, timing: DEFAULT_TIMING });
  const reconciling: Background = {
    start() {
      void subscriptions.subscribe(redisKeys.reconcileBell(), () => {
        streams.look();
        reconciler.ring();
      });
      streams.start();
      reconciler.start();
      fleet.probes.start();
    },
    async stop() {
      // First the streams: what happens to them from now on is this process's own end.
      await streams.stop();
      await Promise.all([reconciler.stop(), fleet.probes.stop()]);
    },
  };
  return {
    services,
    revocations,
    limits,
    reconciling,
    endWaits: () => waiter.endAll(),
    close: () => Promise.all([dispatchers.calls.close(), dispatchers.streams.close()]),
  };
}

/** The delivery of webhooks: doorbells, retries and the sweep. */
function composeDelivering(resources: Resources, config: Config, metrics: GatewayMetrics): Background {
  const { pool, logger, clock } = resources;
  const client = createWebhookClient({ allowPrivate: config.WEBHOOK_ALLOW_PRIVATE });
  const secrets = webhookSecrets(resources);
  const drain = createWebhookDrain({ pool, client, secrets, clock, metrics, logger });
  const deliverer = createWebhookDeliverer({ drain, logger });
  let consumer: ReturnType<typeof createWebhookConsumer> | undefined;
  return {
    start() {
      deliverer.start();
      consumer = createWebhookConsumer({ redisUrl: config.REDIS_URL, deliverer, logger });
    },
    async stop() {
      await deliverer.stop();
      await consumer?.close();
      await client.close();
    },
  };
}
