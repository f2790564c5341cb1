import type { Webhook, WebhookRequest } from '@wa-gate/contracts';
import { inTransaction, type Pool, type Queryable } from '@wa-gate/db';
import { newId, type SecretBox } from '@wa-gate/kit';
import { ApiError } from '../../http/api-error.ts';
import { refuseWhatIsNoText } from '../../http/stored-text.ts';
import type { SessionRef } from '../../principal.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import { refuseEndpoint } from './endpoint-address.ts';
import { secretContext } from './sealed-parts.ts';
import { newSecret } from './webhook-secret.ts';

export interface WebhooksDependencies {
  pool: Pool;
  secrets: SecretBox;
  allowPrivate: boolean;
  /** Derives the secrets of webhooks that are set without one; without it such secrets are random. */
  baseSecret?: string | undefined;
}

/** The primary webhook of a session. */
export interface WebhooksService {
  /** @throws {ApiError} WEBHOOK_URL_REFUSED */
  assertAcceptable(request: WebhookRequest): void;
  /**
   * Sets or replaces the webhook. Without a secret in the request the old one stays, or a new one is made. The answer
   * shows the secret.
   */
  put(tx: Queryable, sessionId: string, request: WebhookRequest): Promise<Webhook & { secret: string }>;
  /** The same as a change of its own. */
  set(actor: Actor, session: SessionRef, request: WebhookRequest): Promise<Webhook & { secret: string }>;
  /** @throws {ApiError} WEBHOOK_NOT_FOUND */
  get(sessionId: string): Promise<Webhook>;
  /** @throws {ApiError} WEBHOOK_NOT_FOUND */
  delete(actor: Actor, session: SessionRef): Promise<void>;
}

interface Row {
  url: string;
  events: string[];
  isActive: boolean;
  lastDelivery: Date | null;
  failureCount: number;
  createdAt: Date;
  secret: Buffer;
}

const COLUMNS = `url, events, is_active AS "isActive", last_delivery AS "lastDelivery", failure_count AS "failureCount",
  created_at AS "createdAt", secret`;

/** A new secret wins over the stored one only when the caller gave it ($6). Setting a webhook switches it on again. */
const PUT = `INSERT INTO webhooks (id, session_id, url, events, secret) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (session_id) DO UPDATE SET url = excluded.url, events = excluded.events, is_active = true, failure_count = 0,
    disabled_at = NULL, disabled_reason = NULL, secret = CASE WHEN $6 THEN excluded.secret ELSE webhooks.secret END,
    previous_secret = CASE WHEN $6 THEN NULL ELSE webhooks.previous_secret END, updated_at = now()
  RETURNING ${COLUMNS}`;

const present = (row: Row): Webhook => ({
  url: row.url,
  events: row.events,
  isActive: row.isActive,
  lastDelivery: row.lastDelivery?.toISOString() ?? null,
  failureCount: row.failureCount,
  createdAt: row.createdAt.toISOString(),
});

/** What the audit log has of it. */
const summary = ({ url, events, isActive }: Webhook) => ({ url, events, isActive });

export function createWebhooksService({
  pool,
  secrets,
  allowPrivate,
  baseSecret,
}: WebhooksDependencies): WebhooksService {
  function assertAcceptable({ url }: WebhookRequest): void {
    refuseWhatIsNoText(url);
    const why = refuseEndpoint(url, allowPrivate);
    if (why)
      throw new ApiError('WEBHOOK_URL_REFUSED', { message: `The webhook URL is refused. ${why}`, details: { url } });
  }

  async function put(tx: Queryable, sessionId: string, request: WebhookRequest) {
    assertAcceptable(request);
    const sealed = secrets.seal(
      Buffer.from(request.secret ?? newSecret(baseSecret, sessionId)),
      secretContext(sessionId),
    );
    const values = [newId(), sessionId, request.url, request.events ?? ['*'], sealed, request.secret !== undefined];
    const { rows } = await tx.query<Row>(PUT, values);
    const row = rows[0]!;
    return { ...present(row), secret: secrets.open(row.secret, secretContext(sessionId)).toString() };
  }

  async function find(db: Queryable, sessionId: string): Promise<Webhook | null> {
    const { rows } = await db.query<Row>(`SELECT ${COLUMNS} FROM webhooks WHERE session_id = $1`, [sessionId]);
    return rows[0] ? present(rows[0]) : null;
  }

  /** Its resource is the session: there is one for each, and it has no other name. */
  const about = ({ id, workspaceId }: SessionRef) => ({ resourceType: 'webhook', resourceId: id, workspaceId });

  return {
    assertAcceptable,
    put,
    async set(actor, session, request) {
      return inTransaction(pool, async (tx) => {
        const before = await find(tx, session.id);
        const after = await put(tx, session.id, request);
        await writeAudit(tx, actor, {
          action: 'webhook.set',
          ...about(session),
          before: before ? summary(before) : undefined,
          after: { ...summary(after), isSecretNew: !before || request.secret !== undefined },
        });
        return after;
      });
    },
    async get(sessionId) {
      const found = await find(pool, sessionId);
      if (!found) throw new ApiError('WEBHOOK_NOT_FOUND');
      return found;
    },
    async delete(actor, session) {
      await inTransaction(pool, async (tx) => {
        const { rows } = await tx.query<Row>(`DELETE FROM webhooks WHERE session_id = $1 RETURNING ${COLUMNS}`, [
          session.id,
        ]);
        if (!rows[0]) throw new ApiError('WEBHOOK_NOT_FOUND');
        const before = summary(present(rows[0]));
        await writeAudit(tx, actor, { action: 'webhook.deleted', ...about(session), before });
      });
    },
  };
}
