import type { Network } from '@wa-gate/db';
import { createFleetProxies } from '@wa-gate/egress';
import { createSecretBox } from '@wa-gate/kit';
import { publishDeliveries } from '@wa-gate/messaging';
import type { GatewayServices } from '../app.ts';
import type { Config } from '../config.ts';
import { createFinishRequest, type FinishRequest } from '../jobs/deletions/index.ts';
import { createTestPublish } from '../jobs/sinks/index.ts';
import { createTestRequest } from '../jobs/webhooks/index.ts';
import type { GatewayMetrics } from '../metrics/index.ts';
import { createKeyStore, createKeysRepository, createKeysService } from '../modules/api-keys/index.ts';
import { createAuditLog } from '../modules/audit/index.ts';
import { createCallsService } from '../modules/calls/index.ts';
import { createChatsRepository, createChatsService } from '../modules/chats/index.ts';
import {
  createProxiesService,
  createRelinkService,
  createSessionEgress,
  createVersionsService,
} from '../modules/connections/index.ts';
import {
  createContactNames,
  createContactProfiles,
  createContactsRepository,
  createContactsService,
  createNumberChecks,
  createPersons,
} from '../modules/contacts/index.ts';
import {
  createDashboardService,
  createHistoryRepository,
  createMetricsRepository,
} from '../modules/dashboard/index.ts';
import { createDeletionsService } from '../modules/deletions/index.ts';
import { createDeliveriesRepository, createDeliveriesService } from '../modules/deliveries/index.ts';
import { createEventStreams } from '../modules/events/index.ts';
import { createGroupPeople, createGroupsRepository, createGroupsService } from '../modules/groups/index.ts';
import type { ProcessMeter } from '../modules/health/index.ts';
import { createHistoryService } from '../modules/history/index.ts';
import { createLiveLogins, createPeople } from '../modules/identities/index.ts';
import { createMessageActions, createMessageReferences } from '../modules/live/index.ts';
import { createMessageIndex } from '../modules/message-index/index.ts';
import {
  createAccepting,
  createChanging,
  createLinkPreviews,
  createMessagesRepository,
  createMessagesService,
  createOutcomeWaiter,
  createPageClient,
  createScheduledMessages,
  createSending,
} from '../modules/messages/index.ts';
import { createPacingService } from '../modules/pacing/index.ts';
import { createQueuesService } from '../modules/queues/index.ts';
import { createRiskService, createRiskWarnings } from '../modules/risk/index.ts';
import { createSandboxControl } from '../modules/sandbox/index.ts';
import { createSessionDirectory, createSessionsRepository, createSessionsService } from '../modules/sessions/index.ts';
import { createQrHistoryRepository } from '../modules/single-account/index.ts';
import { createEndpointsRepository, createEndpointsService, createWebhooksService } from '../modules/webhooks/index.ts';
import { createStreamTickets, TICKET_BOX } from '../plugins/stream-tickets.ts';
import { createRevocations } from '../revocations/revocations.ts';
import { createSubscriptions } from '../worker-links/subscriptions.ts';
import { composeAccounts } from './accounts.ts';
import { composeAdministration, composeRemover } from './administration.ts';
import { announcerOf } from './announcer.ts';
import { composeBroadcasts } from './broadcasts.ts';
import { type DeliverySources, webhookSecrets } from './delivery.ts';
import { composeLimits } from './limits.ts';
import { composeMedia } from './media.ts';
import { composeNotices } from './notices.ts';
import type { Background, Resources } from './resources.ts';
import { composeWorkerLinks } from './worker-links.ts';
import { composeWorkers } from './workers.ts';
import { composeWorkspaces } from './workspaces.ts';

const networkOf = ({ DEFAULT_NETWORK }: Config): Network => (DEFAULT_NETWORK === 'live' ? 'LIVE' : 'SANDBOX');

/** What the routes answer with, and what keeps it true. */
export interface Api {
  services: GatewayServices;
  /** The loops that reconcile sessions with workers. */
  background: Background;
  /** What gives broadcasts to the outbox and answers keywords, for a process with jobs. */
  broadcasting: Background;
  /** What a process that delivers webhooks hears workers by. */
  sources: DeliverySources;
  /** The control streams alone, for a process that serves no requests. */
  listening: Background;
  /** Makes deletions to their end that were requested of a gateway that has died since. */
  finishRequest: FinishRequest;
  /** Begins what the first request needs: limits and revocations in memory. */
  open(): Promise<void>;
  /** Ends {@link open}. */
  close(): Promise<void>;
  /** Answers every request that waits for an outcome. */
  endWaits(): void;
  /** Ends the connections to workers. */
  disconnect(): Promise<unknown>;
}

/** In the order of the needs: identities and limits, the links to workers, sessions and messages, administration. */
export function composeApi(resources: Resources, config: Config, metrics: GatewayMetrics, meter: ProcessMeter): Api {
  const { pool, watchPool, prisma, redis, subscriber, logger, clock } = resources;
  const defaultNetwork = networkOf(config);
  const subscriptions = createSubscriptions(subscriber);

  const revocations = createRevocations({ pool, watchPool, logger });
  const audit = createAuditLog({ pool });
  const limits = composeLimits(resources, config, { revocations, metrics, audit });
  const keys = createKeyStore({ db: pool, revocations, logger });
  const people = createPeople({ db: pool, revocations });
  const logins = createLiveLogins({ db: pool, revocations });
  const accounts = composeAccounts(resources, config, { revocations, people, keys, defaultNetwork });

  const links = composeWorkerLinks(resources, config, { revocations, subscriptions, metrics });
  const { doorbells, hints, offers, placement, owner, ownerStreams } = links;
  const fleet = composeWorkers(resources, config, { links, metrics, defaultNetwork });

  const directory = createSessionDirectory({ db: pool, revocations });
  const ofWebhooks = {
    pool,
    secrets: webhookSecrets(resources),
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
    baseSecret: config.WEBHOOK_SECRET,
  };
  const webhooks = createWebhooksService(ofWebhooks);
  const callUrl = createTestRequest({ ...ofWebhooks, clock });
  const publish = createTestPublish({ ...ofWebhooks, clock, logger });
  const endpoints = createEndpointsService({
    ...ofWebhooks,
    endpoints: createEndpointsRepository(pool),
    sendTest: (webhook, event) => (webhook.type === 'http' ? callUrl : publish)(webhook, event),
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
  const waiter = createOutcomeWaiter({ hints, logger });
  const records = createMessagesRepository(pool);
  const names = createContactNames(pool);
  const pages = createPageClient();
  const ofProxies = {
    pool,
    masterKeys: resources.masterKeys,
    fleet: createFleetProxies(config.EGRESS_PROXIES),
    allowPrivate: config.PROXY_ALLOW_PRIVATE,
  };
  const sessionEgress = createSessionEgress(ofProxies);
  const index = createMessageIndex({ pool });
  const references = createMessageReferences({ db: pool, names, index });
  const risks = createRiskWarnings({ db: pool, clock, logger });
  const messages = createMessagesService({ db: pool, messages: records, names, index, doorbells, risks });
  const eventStreams = createEventStreams({
    db: pool,
    hints,
    told: links.streams,
    logger,
    onCount: (kind, open) => metrics.eventStreams.set({ kind }, open),
    onSent: (kind, events) => metrics.streamedEvents.inc({ kind }, events),
  });

  const { SANDBOX_PHONES_URL: sandboxUrl, SANDBOX_TOKEN: token } = config;
  const sandbox = sandboxUrl === undefined ? undefined : createSandboxControl({ url: sandboxUrl, token });
  const media = composeMedia(resources, config);
  const broadcasting = composeBroadcasts(resources, {
    files: media.messageFiles,
    names,
    doorbells,
    streams: links.streams,
  });
  const remover = composeRemover(resources, { owner, sessions });
  const workspaces = composeWorkspaces(resources, { revocations, remover, mail: accounts.mail });
  const administration = composeAdministration(resources, {
    revocations,
    remover,
    fleet: fleet.services.workerAdministration,
  });

  return {
    services: {
      keys,
      apiKeys: createKeysService({ db: pool, keys: createKeysRepository(pool), revocations, defaultNetwork }),
      people,
      logins,
      directory,
      owner,
      ownerStreams,
      webhooks,
      endpoints,
      deliveries: createDeliveriesService({
        pool,
        deliveries: createDeliveriesRepository(pool),
        webhooks: endpoints,
        announce: ({ webhookId, sessionId }) =>
          publishDeliveries(redis, [
            { sessionId, seq: 0, messages: [], webhooks: [{ webhookId, leasedBy: null, seqs: [] }] },
          ]),
      }),
      eventStreams,
      names,
      tickets: createStreamTickets(createSecretBox(resources.masterKeys, TICKET_BOX)),
      audit,
      ...limits.services,
      ...accounts.services,
      ...workspaces.services,
      ...composeNotices(resources, config, accounts.mail),
      sessions,
      ...broadcasting.services,
      ...media.services,
      qrHistory: createQrHistoryRepository(pool),
      deletions: createDeletionsService({ db: pool }),
      dashboard: createDashboardService({
        figures: createMetricsRepository(pool),
        history: createHistoryRepository(pool),
        meter,
      }),
      references,
      messageActions: createMessageActions({ owner, references }),
      changing: createChanging({ db: pool, doorbells, waiter }),
      messages,
      chats: createChatsService({ chats: createChatsRepository(pool), index, messages, names }),
      sending: createSending({
        db: pool,
        accepting: createAccepting(pool),
        doorbells,
        offers,
        messages: records,
        names,
        previews: createLinkPreviews({
          client: pages,
          logger,
          thumbnail: media.thumbnail,
          egress: (sessionId) => sessionEgress.dispatcherOf(sessionId),
        }),
        files: media.messageFiles,
        waiter,
        risks,
        onAccepted: (kind, by) => metrics.accepted.inc({ kind, by }),
      }),
      history: createHistoryService({ db: pool }),
      pacing: createPacingService({ pool, doorbells }),
      risk: createRiskService({ pool }),
      proxies: createProxiesService(ofProxies),
      relink: createRelinkService({ pool }),
      versions: createVersionsService({ pool, defaultNetwork }),
      calls: createCallsService({ db: pool }),
      queues: createQueuesService({ db: pool }),
      scheduled: createScheduledMessages({ db: pool, messages, doorbells, announce: announcerOf(resources) }),
      numberChecks: createNumberChecks({ pool, names }),
      contactProfiles: createContactProfiles({ pool, names }),
      persons: createPersons({ pool, names }),
      groupPeople: createGroupPeople({ db: pool, names }),
      groups: createGroupsService({ db: pool, groups: createGroupsRepository(pool) }),
      contacts: createContactsService({ pool, contacts: createContactsRepository(pool), names }),
      ...fleet.services,
      ...administration.services,
      sandbox,
    },
    background: {
      start() {
        links.background.start();
        fleet.background.start();
      },
      stop: async () => void (await Promise.all([links.background.stop(), fleet.background.stop()])),
    },
    broadcasting: broadcasting.background,
    sources: { streams: links.streams, subscriptions },
    listening: links.streams,
    finishRequest: createFinishRequest({ pool, remover, ...workspaces.services, ...administration.services }),
    async open() {
      revocations.start();
      await limits.open();
    },
    close: async () => void (await Promise.all([revocations.stop(), limits.close()])),
    disconnect: () =>
      Promise.all([links.close(), media.close(), pages.close(), sessionEgress.close(), sandbox?.close()]),
    endWaits() {
      waiter.endAll();
      eventStreams.close();
    },
  };
}
