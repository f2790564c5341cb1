import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { LIMITS } from '@wa-gate/contracts';
import type { Logger } from '@wa-gate/kit';
import type { WorkFolder } from '@wa-gate/media';
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
import { withoutVersion } from './http/api-version.ts';
import { withoutBasePath } from './http/base-path.ts';
import { requestLogger } from './http/request-logger.ts';
import { withoutAlias } from './http/route-alias.ts';
import { type SchemaCompilation, serializerBuilder, validatorCompiler } from './http/schema-compilers.ts';
import type { GatewayMetrics } from './metrics/index.ts';
import type { AdministrationServices } from './modules/admin/index.ts';
import { allSessionsRoutes } from './modules/admin/sessions.routes.ts';
import { usersRoutes } from './modules/admin/users.routes.ts';
import { analyticsRoutes } from './modules/analytics/analytics.routes.ts';
import type { KeyStore, KeysService } from './modules/api-keys/index.ts';
import { keysRoutes } from './modules/api-keys/keys.routes.ts';
import { sessionKeysRoutes } from './modules/api-keys/session-keys.routes.ts';
import { auditRoutes } from './modules/audit/audit.routes.ts';
import { type AuditLog, declaredActions } from './modules/audit/index.ts';
import { authRoutes } from './modules/auth/auth.routes.ts';
import type { AccountService, AuthService } from './modules/auth/index.ts';
import { broadcastsRoutes } from './modules/broadcasts/broadcasts.routes.ts';
import type { BroadcastReports, BroadcastsService, RecipientSources } from './modules/broadcasts/index.ts';
import { callsRoutes } from './modules/calls/calls.routes.ts';
import type { CallsService } from './modules/calls/index.ts';
import { chatsRoutes } from './modules/chats/chats.routes.ts';
import type { ChatsService } from './modules/chats/index.ts';
import type { ProxiesService, RelinkService, VersionsService } from './modules/connections/index.ts';
import { proxiesRoutes } from './modules/connections/proxies.routes.ts';
import { relinkRoutes } from './modules/connections/relink.routes.ts';
import { versionsRoutes } from './modules/connections/versions.routes.ts';
import { consentRoutes } from './modules/consent/consent.routes.ts';
import type { ConsentService } from './modules/consent/index.ts';
import { contactsRoutes } from './modules/contacts/contacts.routes.ts';
import type {
  ContactNames,
  ContactProfiles,
  ContactsService,
  NumberChecks,
  Persons,
} from './modules/contacts/index.ts';
import { dashboardRoutes } from './modules/dashboard/dashboard.routes.ts';
import type { DashboardService } from './modules/dashboard/index.ts';
import { deletionsRoutes } from './modules/deletions/deletions.routes.ts';
import type { DeletionsService } from './modules/deletions/index.ts';
import { deliveriesRoutes } from './modules/deliveries/deliveries.routes.ts';
import type { DeliveriesService } from './modules/deliveries/index.ts';
import { errorCodesRoutes } from './modules/error-codes/error-codes.routes.ts';
import { eventsRoutes } from './modules/events/events.routes.ts';
import type { EventStreams } from './modules/events/index.ts';
import { workerEventsRoutes } from './modules/events/worker-events.routes.ts';
import type { GroupPeople, GroupsService } from './modules/groups/index.ts';
import { healthRoutes, probeRoutes } from './modules/health/health.routes.ts';
import type { HealthService } from './modules/health/index.ts';
import { historyRoutes } from './modules/history/history.routes.ts';
import type { HistoryService } from './modules/history/index.ts';
import type { LiveLogins, People } from './modules/identities/index.ts';
import type { RulesService } from './modules/keyword-rules/index.ts';
import { rulesRoutes } from './modules/keyword-rules/rules.routes.ts';
import type { LimitsService, LoginLocks, OwnLimits } from './modules/limits/index.ts';
import { limitsRoutes } from './modules/limits/limits.routes.ts';
import { loginLocksRoutes } from './modules/limits/login-locks.routes.ts';
import type { MessageActions, MessageReferences } from './modules/live/index.ts';
import { liveRoutes } from './modules/live/live.routes.ts';
import type { MediaService, ProfilePictures, ResumableUploads } from './modules/media/index.ts';
import { mediaRoutes } from './modules/media/media.routes.ts';
import type { Changing, MessagesService, ScheduledMessages, Sending, Templates } from './modules/messages/index.ts';
import { messagesRoutes } from './modules/messages/messages.routes.ts';
import type { NoticesService } from './modules/notices/index.ts';
import { noticesRoutes } from './modules/notices/notices.routes.ts';
import type { PacingService } from './modules/pacing/index.ts';
import { pacingRoutes } from './modules/pacing/pacing.routes.ts';
import type { QueuesService } from './modules/queues/index.ts';
import { queuesRoutes } from './modules/queues/queues.routes.ts';
import type { RiskService } from './modules/risk/index.ts';
import { riskRoutes } from './modules/risk/risk.routes.ts';
import type { SandboxControl } from './modules/sandbox/index.ts';
import { sandboxRoutes } from './modules/sandbox/sandbox.routes.ts';
import type { SessionDirectory, SessionsService } from './modules/sessions/index.ts';
import { sessionsRoutes } from './modules/sessions/sessions.routes.ts';
import type { QrHistoryRepository } from './modules/single-account/index.ts';
import { singleAccountRoutes } from './modules/single-account/single-account.routes.ts';
import { systemLogsRoutes } from './modules/system-logs/system-logs.routes.ts';
import type { TiersService } from './modules/tiers/index.ts';
import { tiersRoutes } from './modules/tiers/tiers.routes.ts';
import { hitOf, type UsageService } from './modules/usage/index.ts';
import { usageRoutes } from './modules/usage/usage.routes.ts';
import { endpointsRoutes } from './modules/webhooks/endpoints.routes.ts';
import type { EndpointsService, WebhooksService } from './modules/webhooks/index.ts';
import { webhooksRoutes } from './modules/webhooks/webhooks.routes.ts';
import { fleetRoutes } from './modules/workers/fleet.routes.ts';
import type { FleetServices } from './modules/workers/index.ts';
import { workerAdministrationRoutes } from './modules/workers/worker-administration.routes.ts';
import { workersRoutes } from './modules/workers/workers.routes.ts';
import type { WorkspaceServices } from './modules/workspaces/index.ts';
import { workspacesRoutes } from './modules/workspaces/workspaces.routes.ts';
import { registerAccessTokens, type SigningKey } from './plugins/access-tokens.ts';
import { type ConnectionDrain, connectionDrainPlugin } from './plugins/connection-drain.ts';
import { createCsrf } from './plugins/csrf.ts';
import { type Dashboard, dashboardPages, sendPage, wantsPage } from './plugins/dashboard-pages.ts';
import { errors, sendError } from './plugins/errors.ts';
import { createGuards } from './plugins/guards.ts';
import { type MetricsExposition, metricsPlugin } from './plugins/metrics.ts';
import { openapi } from './plugins/openapi/index.ts';
import { orderlyClose } from './plugins/orderly-close.ts';
import { queryParameters } from './plugins/query-parameters.ts';
import { createLimiter, type FallbackCounters, RATE_LIMIT_HEADERS } from './plugins/rate-limit/index.ts';
import type { LimitSettings } from './plugins/rate-limit/limit-settings.ts';
import { requestContext, requestIdOf } from './plugins/request-context.ts';
import { requestTracing } from './plugins/request-tracing.ts';
import { securityHeaders } from './plugins/security-headers.ts';
import { securityLog } from './plugins/security-log.ts';
import type { StreamTickets } from './plugins/stream-tickets.ts';
import { acceptJsonOnly, type NetworkSettings, networkRules } from './plugins/transport/index.ts';
import { principalOf } from './principal.ts';
import type { OwnerLink } from './worker-links/owner-link.ts';
import type { OwnerStreams } from './worker-links/owner-stream.ts';

/** What the routes are made of; `main.ts` makes it. */
export interface GatewayServices extends FleetServices, AdministrationServices, WorkspaceServices {
  auth: AuthService;
  account: AccountService;
  people: People;
  logins: LiveLogins;
  keys: KeyStore;
  apiKeys: KeysService;
  sessions: SessionsService;
  directory: SessionDirectory;
  messages: MessagesService;
  changing: Changing;
  messageActions: MessageActions;
  references: MessageReferences;
  chats: ChatsService;
  media: MediaService;
  resumableUploads: ResumableUploads;
  notices: NoticesService;
  contacts: ContactsService;
  names: ContactNames;
  numberChecks: NumberChecks;
  contactProfiles: ContactProfiles;
  persons: Persons;
  profilePictures: ProfilePictures;
  groupPeople: GroupPeople;
  groups: GroupsService;
  sending: Sending;
  templates: Templates;
  broadcasts: BroadcastsService;
  broadcastReports: BroadcastReports;
  recipientSources: RecipientSources;
  consent: ConsentService;
  rules: RulesService;
  scheduled: ScheduledMessages;
  history: HistoryService;
  pacing: PacingService;
  risk: RiskService;
  proxies: ProxiesService;
  relink: RelinkService;
  versions: VersionsService;
  calls: CallsService;
  queues: QueuesService;
  webhooks: WebhooksService;
  endpoints: EndpointsService;
  deliveries: DeliveriesService;
  eventStreams: EventStreams;
  tickets: StreamTickets;
  owner: OwnerLink;
  ownerStreams: OwnerStreams;
  qrHistory: QrHistoryRepository;
  dashboard: DashboardService;
  deletions: DeletionsService;
  audit: AuditLog;
  limitSettings: LimitSettings;
  limitCounters: FallbackCounters;
  limits: LimitsService;
  ownLimits: OwnLimits;
  loginLocks: LoginLocks;
  tiers: TiersService;
  usage: UsageService;
  /** Absent where the operator has named none. */
  sandbox?: SandboxControl | undefined;
}

/** What routes with files need to know. */
export interface FileSettings {
  /** Where files of requests are while they are in work. */
  workFolder: WorkFolder;
  /** Bytes of the largest file of the installation. */
  maxBytes: number;
  /** Where people reach the installation. */
  publicUrl: string | undefined;
}

export interface GatewaySettings {
  version: string;
  metrics: MetricsExposition;
  /** The first signs access tokens, all verify. */
  tokenKeys: readonly SigningKey[];
  /** The first signs tokens that go with the session cookie, all verify. */
  sessionSecrets: readonly (string | Buffer)[];
  tokenSeconds: number;
  network: NetworkSettings;
  corsOrigins: string[] | true;
  allowQueryKey: boolean;
  files: FileSettings;
  /** Absent: the installation has none, and its root leads to the description of the API. */
  dashboard?: Dashboard | undefined;
}

export interface GatewayDependencies {
  logger: Logger;
  metrics: GatewayMetrics;
  health: HealthService;
  settings: GatewaySettings;
  /** @default the process ends without one */
  drain?: ConnectionDrain;
  /** Absent in a process that only runs jobs: it has probes and metrics, and no API. */
  services?: GatewayServices | undefined;
  /** @default 'at first use' */
  compilation?: SchemaCompilation;
}

/** Bytes of the largest file that the caller of a request may send. */
const largestFile = (request: FastifyRequest, limits: LimitSettings, { maxBytes }: FileSettings): number =>
  Math.min(maxBytes, limits.tier(principalOf(request).tier).mediaMaxBytes);

/** Longer than the longest wait and the longest call to a worker. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How long a browser remembers which methods it may use. */
const PREFLIGHT_SECONDS = 600;
/** What scripts of other origins may read besides the limits; the last ones are those of files and of tus. */
const READ_BY_SCRIPTS = [
  'X-Request-Id',
  'Retry-After',
  'Idempotent-Replayed',
  'Location',
  'Content-Disposition',
  'Content-Range',
  'Tus-Resumable',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Expires',
];

/** Plugins and modules in reading order. Opens nothing and listens nowhere: tests use `inject()`. */
export async function buildGateway(deps: GatewayDependencies): Promise<FastifyInstance> {
  const { logger, metrics, health, settings, drain, services, compilation = 'at first use' } = deps;
  const { basePath } = settings.network;
  const app = Fastify({
    loggerInstance: logger,
    childLoggerFactory: requestLogger,
    // One debug line of our own instead (plugins/request-context).
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: false,
    genReqId: requestIdOf,
    rewriteUrl: ({ url = '/' }) => withoutAlias(withoutVersion(withoutBasePath(url, basePath))),
    // Refusals of the router before any route, such as for a URL with a broken escape, get the same envelope as all
    // others.
    frameworkErrors: (error, request, reply) => void sendError(request, reply, error),
    bodyLimit: LIMITS.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: settings.network.trustProxy,
    forceCloseConnections: 'idle',
    // Requests on connections that are still open are answered while closing.
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildSerializer: serializerBuilder(compilation) } },
  })
    .setValidatorCompiler(validatorCompiler(compilation))
    .withTypeProvider<TypeBoxTypeProvider>() as unknown as FastifyInstance;

  app.decorate('basePath', basePath);
  acceptJsonOnly(app);
  await app.register(orderlyClose);
  if (drain) await app.register(connectionDrainPlugin, { drain });
  const dashboard = services && settings.dashboard;
  await app.register(errors, {
    page: (request, reply) => (dashboard && wantsPage(request) ? sendPage(reply, dashboard) : undefined),
  });
  await app.register(requestTracing);
  await app.register(requestContext);
  await app.register(securityLog);
  await app.register(networkRules, { settings: settings.network });
  await app.register(queryParameters, {
    acceptsKey: ({ routeOptions }) => settings.allowQueryKey || routeOptions.config?.access?.takesQueryKey === true,
  });
  // Before the first route: it collects them.
  if (services) await app.register(openapi, { version: settings.version, basePath });
  // A browser gets the dashboard, a client of the API its description.
  if (services) {
    app.get('/', { schema: { hide: true } }, async (request, reply) =>
      dashboard && wantsPage(request) ? sendPage(reply, dashboard) : reply.redirect(`${basePath}/docs`),
    );
  }
  await app.register(metricsPlugin, { metrics, exposition: settings.metrics });
  await app.register(probeRoutes, { health });
  await app.register(healthRoutes, { health });
  if (!services) return app;

  if (settings.network.helmet) await app.register(securityHeaders);
  if (dashboard) await app.register(dashboardPages, { dashboard, basePath });
  // Without any other origin that may call, there is nothing to tell a browser.
  if (settings.corsOrigins === true || settings.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: settings.corsOrigins,
      credentials: settings.corsOrigins !== true,
      // The plugin's own list leaves out what changes and deletes.
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      // An OPTIONS request made by hand gets the same answer as one of a browser.
      strictPreflight: false,
      maxAge: PREFLIGHT_SECONDS,
      exposedHeaders: [...READ_BY_SCRIPTS, ...RATE_LIMIT_HEADERS],
    });
  }
  await app.register(cookie);
  const tokens = await registerAccessTokens(app, settings.tokenKeys, settings.tokenSeconds);
  const csrf = createCsrf(settings.sessionSecrets);
  const limiter = await createLimiter(app, {
    ...services,
    hitOf,
    onRefused: (bucket) => metrics.refusedByLimit.inc({ bucket }),
  });
  const guards = createGuards(app, { ...services, ...settings, limiter, tokens, csrf });

  await app.register(declaredActions);

  const api = async (scope: FastifyInstance): Promise<void> => {
    // Guesses of routes are counted too.
    scope.setNotFoundHandler({ preValidation: guards({ audience: 'public' }) }, (request, reply) =>
      app.answerNotFound(request, reply),
    );
    await scope.register(authRoutes, { ...services, ...settings, guards, limiter, tokens, csrf });
    await scope.register(sessionsRoutes, { ...services, guards });
    await scope.register(historyRoutes, { ...services, guards });
    await scope.register(pacingRoutes, { ...services, guards });
    await scope.register(riskRoutes, { ...services, guards });
    await scope.register(proxiesRoutes, { ...services, guards });
    await scope.register(relinkRoutes, { ...services, guards });
    await scope.register(callsRoutes, { ...services, guards });
    await scope.register(liveRoutes, { ...services, guards });
    await scope.register(singleAccountRoutes, { ...services, guards });
    await scope.register(keysRoutes, { ...services, guards });
    await scope.register(sessionKeysRoutes, { ...services, guards });
    await scope.register(workspacesRoutes, { ...services, guards });
    await scope.register(noticesRoutes, { ...services, guards });
    await scope.register(deletionsRoutes, { ...services, guards });
    const ofFiles = {
      ...settings.files,
      maxFileBytes: (request: FastifyRequest) => largestFile(request, services.limitSettings, settings.files),
    };
    await scope.register(messagesRoutes, { ...services, ...ofFiles, limiter, guards });
    await scope.register(chatsRoutes, { ...services, guards });
    await scope.register(mediaRoutes, {
      ...services,
      ...ofFiles,
      basePath,
      guards,
    });
    await scope.register(contactsRoutes, { ...services, guards });
    await scope.register(broadcastsRoutes, { ...services, workFolder: settings.files.workFolder, guards });
    await scope.register(consentRoutes, { ...services, workFolder: settings.files.workFolder, guards });
    await scope.register(rulesRoutes, { ...services, guards });
    await scope.register(webhooksRoutes, { ...services, guards });
    await scope.register(endpointsRoutes, { ...services, guards });
    await scope.register(deliveriesRoutes, { ...services, guards });
    await scope.register(eventsRoutes, { ...services, guards });
    await scope.register(workerEventsRoutes, { ...services, guards });
    await scope.register(workersRoutes, { ...services, limiter });
    await scope.register(workerAdministrationRoutes, { ...services, guards });
    await scope.register(fleetRoutes, { ...services, guards });
    await scope.register(versionsRoutes, { ...services, guards });
    await scope.register(auditRoutes, { ...services, guards });
    await scope.register(usersRoutes, { ...services, guards });
    await scope.register(allSessionsRoutes, { ...services, guards });
    await scope.register(analyticsRoutes, { ...services, guards });
    await scope.register(systemLogsRoutes, { ...services, guards });
    await scope.register(limitsRoutes, { ...services, limiter, guards });
    await scope.register(loginLocksRoutes, { ...services, guards });
    await scope.register(tiersRoutes, { ...services, guards });
    await scope.register(usageRoutes, { ...services, guards });
    await scope.register(dashboardRoutes, { ...services, guards });
    if (services.sandbox) await scope.register(sandboxRoutes, { sandbox: services.sandbox, guards });
    await scope.register(queuesRoutes, { ...services, guards });
    await scope.register(errorCodesRoutes, { guards });
    await scope.register(healthRoutes, { health });
  };
  await app.register(api, { prefix: '/api' });
  return app;
}
