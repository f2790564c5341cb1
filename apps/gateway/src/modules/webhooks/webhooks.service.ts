import { randomBytes } from 'node:crypto';
import type { Webhook, WebhookRequest } from '@wa-gate/contracts';
import type { Pool, Queryable } from '@wa-gate/db';
import { newId, type SecretBox } from '@wa-gate/kit';
import { ApiError } from '../../api-error.ts';
import { refuseEndpoint } from './endpoint-address.ts';

export interface WebhooksDependencies {
  pool: Pool;
  secrets: SecretBox;
  allowPrivate: boolean;
}

/** One webhook per session. */
export interface WebhooksService {
  /** @throws {ApiError} WEBHOOK_URL_REFUSED */
  assertAcceptable(request: WebhookRequest): void;
  /** Sets or replaces it; without a secret in the request the old one stays, or a new one is made. The answer shows the secret. */
  put(sessionId: string, request: WebhookRequest, tx?: Queryable): Promise<Webhook & { secret: string }>;
  /** @throws {ApiError} WEBHOOK_NOT_FOUND */
  get(sessionId: string): Promise<Webhook>;
  /** @throws {ApiError} WEBHOOK_NOT_FOUND */
  delete(sessionId: string): Promise<void>;
}

/** What a secret is sealed to: it cannot be moved to another session's webhook. */
export const secretContext = (sessionId: string): string => `webhook/${sessionId}`;

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

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
    secret = CASE WHEN $6 THEN excluded.secret ELSE webhooks.secret END, updated_at = now()
  RETURNING ${COLUMNS}`;

const present = (row: Row): Webhook => ({
  url: row.url,
  events: row.events,
  isActive: row.isActive,
  lastDelivery: row.lastDelivery?.toISOString() ?? null,
  failureCount: row.failureCount,
  createdAt: row.createdAt.toISOString(),
});

export function createWebhooksService({ pool, secrets, allowPrivate }: WebhooksDependencies): WebhooksService {
  function assertAcceptable({ url }: WebhookRequest): void {
    const why = refuseEndpoint(url, allowPrivate);
    if (why)
      throw new ApiError('WEBHOOK_URL_REFUSED', { message: `The webhook URL is refused. ${why}`, details: { url } });
  }

  return {
    assertAcceptable,
    async put(sessionId, request, tx = pool) {
      assertAcceptable(request);
      const sealed = secrets.seal(Buffer.from(request.secret ?? newSecret()), secretContext(sessionId));
      const values = [newId(), sessionId, request.url, request.events ?? ['*'], sealed, request.secret !== undefined];
      const { rows } = await tx.query<Row>(PUT, values);
      const row = rows[0]!;
      return { ...present(row), secret: secrets.open(row.secret, secretContext(sessionId)).toString() };
    },
    async get(sessionId) {
      const { rows } = await pool.query<Row>(`SELECT ${COLUMNS} FROM webhooks WHERE session_id = $1`, [sessionId]);
      if (!rows[0]) throw new ApiError('WEBHOOK_NOT_FOUND');
      return present(rows[0]);
    },
    async delete(sessionId) {
      const { rowCount } = await pool.query('DELETE FROM webhooks WHERE session_id = $1', [sessionId]);
      if (!rowCount) throw new ApiError('WEBHOOK_NOT_FOUND');
    },
  };
}
