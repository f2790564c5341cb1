import type {
  CreateWebhookRequest,
  EventType,
  RotateWebhookSecretRequest,
  TestWebhookRequest,
  TestWebhookResult,
  UpdateWebhookRequest,
  WEBHOOK_STATES,
  WebhookEndpoint,
  WebhookEndpointWithSecret,
} from '@wa-gate/contracts';
import { isSinkType, MAX_WEBHOOKS, SECRET_OVERLAP_SECONDS, type SinkConfiguration, shownUrl } from '@wa-gate/contracts';
import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { newId, type SecretBox } from '@wa-gate/kit';
import { disableWebhook } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { refuseWhatIsNoText } from '../../http/stored-text.ts';
import { isUuid } from '../../http/uuid.ts';
import type { SessionRef } from '../../principal.ts';
import { type Actor, changedFields, writeAudit } from '../audit/index.ts';
import { refuseEndpoint } from './endpoint-address.ts';
import { assertHeaders, assertMetadata, chatJids } from './endpoint-definition.ts';
import type { EndpointChange, EndpointRecord, EndpointsRepository, WebhookReach } from './endpoints.repository.ts';
import {
  type HttpConfiguration,
  openConfiguration,
  sealConfiguration,
  secretContext,
  type TestedWebhook,
} from './sealed-parts.ts';
import { assertMembers, shownSink, sinkConfigurationOf, sinkMembers, withoutSinkMembers } from './sink-definition.ts';
import { newSecret } from './webhook-secret.ts';

/** Webhooks of sessions and of whole workspaces, each with its filters, headers and state. */
export interface EndpointsService {
  list(
    reach: WebhookReach,
    page: { page: number; limit: number },
  ): Promise<{ endpoints: WebhookEndpoint[]; total: number }>;
  /** @throws {ApiError} WEBHOOK_NOT_FOUND */
  get(reach: WebhookReach, id: string): Promise<WebhookEndpoint>;
  /**
   * Of a session, or of the whole workspace.
   *
   * @throws {ApiError} WEBHOOK_URL_REFUSED, WEBHOOK_HEADER_REFUSED, WEBHOOK_LIMIT
   */
  create(
    actor: Actor,
    workspaceId: string,
    session: SessionRef | null,
    request: CreateWebhookRequest,
  ): Promise<WebhookEndpointWithSecret>;
  /** What the request does not name stays as it is. */
  update(actor: Actor, reach: WebhookReach, id: string, request: UpdateWebhookRequest): Promise<WebhookEndpoint>;
  /** Another secret; the one before signs as well for the overlap. */
  rotate(
    actor: Actor,
    reach: WebhookReach,
    id: string,
    request: RotateWebhookSecretRequest,
  ): Promise<WebhookEndpointWithSecret>;
  remove(actor: Actor, reach: WebhookReach, id: string): Promise<void>;
  /** Sends the example of an event now, whatever the state of the webhook. */
  test(actor: Actor, reach: WebhookReach, id: string, request: TestWebhookRequest): Promise<TestWebhookResult>;
}

export interface EndpointsDependencies {
  pool: Pool;
  endpoints: EndpointsRepository;
  secrets: SecretBox;
  allowPrivate: boolean;
  /** Sends the example of an event. */
  sendTest: (webhook: TestedWebhook, event: EventType) => Promise<TestWebhookResult>;
  /** Derives the secrets of webhooks that are made without one; without it such secrets are random. */
  baseSecret?: string | undefined;
}

const HTTP = 'http';
/** What a test for a whole workspace names as its session. */
const EXAMPLE_SESSION = 'example';
const SWITCHED_OFF = 'It was switched off with the API.';
const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

function stateOf({ isActive, pausedAt, failureCount, failingSince }: EndpointRecord): (typeof WEBHOOK_STATES)[number] {
  if (!isActive) return 'off';
  if (pausedAt) return 'paused';
  if (failingSince) return 'down';
  return failureCount > 0 ? 'failing' : 'active';
}

export function createEndpointsService(deps: EndpointsDependencies): EndpointsService {
  const { pool, endpoints, secrets, allowPrivate, sendTest, baseSecret } = deps;

  /** Its configuration is opened for the names of its headers or what of a broker may be shown. */
  function present(record: EndpointRecord): WebhookEndpoint {
    const { id, slug, type, name, url, events, metadata, isActive, failureCount, lastError, backlog } = record;
    const http = type === HTTP && record.configuration ? openHttp(id, record.configuration) : {};
    const sink = type !== HTTP && record.configuration ? openSink(id, record.configuration) : null;
    return {
      id,
      sessionId: slug,
      isPrimary: record.isPrimary,
      type: type as WebhookEndpoint['type'],
      name,
      url,
      configuration: sink && shownSink(sink),
      events: events as WebhookEndpoint['events'],
      chatTypes: record.chatTypes as WebhookEndpoint['chatTypes'],
      chats: record.chats,
      headerNames: Object.keys(http.headers ?? {}),
      hasBasicAuth: http.basicAuth !== undefined,
      metadata,
      ordering: record.ordering,
      compat: record.compat,
      state: stateOf(record),
      isActive,
      isPaused: record.pausedAt !== null,
      disabledAt: iso(record.disabledAt),
      disabledReason: record.disabledReason ?? (record.disabledAt && SWITCHED_OFF),
      lastDelivery: iso(record.lastDelivery),
      failureCount,
      lastError,
      lastErrorAt: iso(record.lastErrorAt),
      failingSince: iso(record.failingSince),
      nextProbeAt: iso(record.nextProbeAt),
      backlog: {
        count: backlog.count,
        oldestAt: iso(backlog.oldestAt),
        oldestAgeSeconds:
          backlog.oldestAt && Math.max(0, Math.round((Date.now() - backlog.oldestAt.getTime()) / 1_000)),
      },
      previousSecretExpiresAt: iso(record.previousSecretUntil),
      createdAt: record.createdAt.toISOString(),
      updatedAt: record.updatedAt.toISOString(),
    };
  }

  const openHttp = (id: string, sealed: Buffer) => openConfiguration<HttpConfiguration>(secrets, id, sealed);

  const openSink = (id: string, sealed: Buffer) => openConfiguration<SinkConfiguration>(secrets, id, sealed);

  /** What the audit log has of it. */
  const summary = ({
    type,
    url,
    configuration,
    name,
    events,
    chatTypes,
    chats,
    headerNames,
    hasBasicAuth,
    isActive,
    isPaused,
  }: WebhookEndpoint) => ({
    type,
    url,
    ...(configuration && { configuration }),
    name,
    events,
    chatTypes,
    chats,
    headerNames,
    hasBasicAuth,
    isActive,
    isPaused,
  });
  const about = ({ id, workspaceId }: EndpointRecord) => ({ resourceType: 'webhook', resourceId: id, workspaceId });

  function assertUrl(url: string): void {
    const why = refuseEndpoint(url, allowPrivate);
    if (why)
      throw new ApiError('WEBHOOK_URL_REFUSED', { message: `The webhook URL is refused. ${why}`, details: { url } });
  }

  /** Headers and credentials together are one sealed value; `null`: there are none. */
  function seal(id: string, { headers, basicAuth }: HttpConfiguration): Buffer | null {
    const hasHeaders = headers !== undefined && Object.keys(headers).length > 0;
    if (!hasHeaders && !basicAuth) return null;
    const configuration = { ...(hasHeaders && { headers }), ...(basicAuth && { basicAuth }) };
    assertHeaders(configuration);
    return sealConfiguration(secrets, id, configuration);
  }

  async function find(reach: WebhookReach, id: string): Promise<EndpointRecord> {
    const record = isUuid(id) ? await endpoints.find(reach, id) : null;
    if (!record) throw notFound();
    return record;
  }

  const notFound = (): ApiError =>
    new ApiError('WEBHOOK_NOT_FOUND', {
      message: 'There is no such webhook for this credential. GET /api/webhooks lists those that there are.',
    });

  /** One change after the other, and none beside a session that is being created. */
  async function changing<T>(
    reach: WebhookReach,
    id: string,
    change: (tx: Queryable, before: EndpointRecord) => Promise<T>,
  ): Promise<T> {
    await find(reach, id);
    return inTransaction(pool, async (tx) => {
      await endpoints.lock(tx, id);
      const before = await endpoints.read(tx, id);
      if (!before) throw notFound();
      return change(tx, before);
    });
  }

  /** The stored form of where events go. */
  function destinationOf(id: string, request: CreateWebhookRequest) {
    const { type = HTTP } = request;
    if (isSinkType(type)) return sealSink(id, sinkConfigurationOf(type, request, allowPrivate));
    const { url, headers, basicAuth } = request as Extract<CreateWebhookRequest, { type?: 'http' }>;
    assertUrl(url);
    const configuration = seal(id, {
      headers: headers ?? undefined,
      basicAuth: basicAuth ?? undefined,
    } as HttpConfiguration);
    return { url, configuration };
  }

  const sealSink = (id: string, sink: SinkConfiguration) => ({
    url: shownUrl(sink.url),
    configuration: sealConfiguration(secrets, id, sink),
  });

  function changeOf(before: EndpointRecord, request: UpdateWebhookRequest): EndpointChange {
    refuseWhatIsNoText(request);
    const { headers, basicAuth, chats, metadata, isActive, ...plain } = withoutSinkMembers(request);
    assertMetadata(request);
    assertMembers(before.type, request);
    const change: EndpointChange = plain;
    if (isSinkType(before.type)) {
      const isElsewhere = sinkMembers(before.type).some((name) => name in request);
      if (isElsewhere)
        Object.assign(change, sealSink(before.id, sinkConfigurationOf(before.type, request, allowPrivate)));
    } else if (request.url !== undefined) {
      assertUrl(request.url);
    }
    if (isActive) change.isActive = true;
    if (chats !== undefined) change.chats = chats && chatJids(chats);
    if (metadata !== undefined) change.metadata = metadata;
    if (headers !== undefined || basicAuth !== undefined) {
      const present = before.configuration ? openHttp(before.id, before.configuration) : {};
      change.configuration = seal(before.id, {
        headers: headers === undefined ? present.headers : (headers ?? undefined),
        basicAuth: basicAuth === undefined ? present.basicAuth : (basicAuth ?? undefined),
      } as HttpConfiguration);
    }
    return change;
  }

  return {
    async list(reach, { page, limit }) {
      const { endpoints: records, total } = await endpoints.list(reach, { offset: (page - 1) * limit, limit });
      return { endpoints: records.map(present), total };
    },
    get: async (reach, id) => present(await find(reach, id)),
    async create(actor, workspaceId, session, request) {
      refuseWhatIsNoText(request);
      assertMetadata(request);
      const id = newId();
      const secret = request.secret ?? newSecret(baseSecret, id);
      const { type = HTTP, name = null, events = ['*'], chatTypes = null, chats } = request;
      const { metadata = null, isPaused = false } = request;
      const { ordering = 'session', compat = null } = request;
      const definition = {
        type,
        name,
        ...destinationOf(id, request),
        events,
        chatTypes,
        chats: chats ? chatJids(chats) : null,
        secret: secrets.seal(Buffer.from(secret), secretContext(id)),
        metadata,
        ordering,
        compat,
        isPaused,
      };
      const where = { workspaceId: session?.workspaceId ?? workspaceId, sessionId: session?.id ?? null };
      return inTransaction(pool, async (tx) => {
        const siblings = await endpoints.lockSiblings(tx, where);
        if (siblings === null) throw new ApiError(session ? 'SESSION_NOT_FOUND' : 'UNAUTHENTICATED');
        if (siblings >= MAX_WEBHOOKS) throw new ApiError('WEBHOOK_LIMIT', { details: { limit: MAX_WEBHOOKS } });
        await endpoints.insert(tx, id, where, definition);
        const record = await endpoints.read(tx, id);
        const made = present(record);
        await writeAudit(tx, actor, { action: 'webhook.created', ...about(record), after: summary(made) });
        return { ...made, secret };
      });
    },
    update: (actor, reach, id, request) =>
      changing(reach, id, async (tx, before) => {
        await endpoints.change(tx, id, changeOf(before, request));
        if (request.isActive === false && before.isActive) await disableWebhook(tx, id, null);
        const after = await endpoints.read(tx, id);
        const made = present(after);
        const fields = changedFields(summary(present(before)), summary(made));
        await writeAudit(tx, actor, { action: 'webhook.updated', ...about(after), ...fields });
        return made;
      }),
    rotate: (actor, reach, id, { secret: given, overlapSeconds = SECRET_OVERLAP_SECONDS }) =>
      changing(reach, id, async (tx, before) => {
        // Not derived: that would be the secret before.
        const secret = given ?? newSecret(undefined, id);
        const context = secretContext(before.isPrimary ? before.sessionId! : id);
        await endpoints.rotate(tx, id, secrets.seal(Buffer.from(secret), context), overlapSeconds);
        const after = await endpoints.read(tx, id);
        await writeAudit(tx, actor, { action: 'webhook.rotated', ...about(after), after: { overlapSeconds } });
        return { ...present(after), secret };
      }),
    remove: (actor, reach, id) =>
      changing(reach, id, async (tx, before) => {
        await endpoints.remove(tx, id);
        await writeAudit(tx, actor, { action: 'webhook.deleted', ...about(before), before: summary(present(before)) });
      }),
    async test(actor, reach, id, { event }) {
      const record = await find(reach, id);
      const { previousSecretUntil } = record;
      const wanted = record.events.find((name) => name !== '*') as EventType | undefined;
      const result = await sendTest(
        {
          ...record,
          endpointId: record.id,
          sessionId: record.sessionId ?? record.id,
          slug: record.slug ?? EXAMPLE_SESSION,
          previousSecretMs: previousSecretUntil && previousSecretUntil.getTime() - Date.now(),
        },
        event ?? wanted ?? 'message.received',
      );
      const { event: sent, isDelivered, statusCode } = result;
      const after = { event: sent, isDelivered, statusCode };
      await writeAudit(pool, actor, { action: 'webhook.tested', ...about(record), after });
      return result;
    },
  };
}
