import type { Pool } from '@wa-gate/db';
import { createSecretBox, newId } from '@wa-gate/kit';
import { secretContext, WEBHOOK_SECRETS_BOX } from '../../modules/webhooks/index.ts';

/** The webhook of a session as another program had it. */
export interface ForeignWebhook {
  url: string;
  /** Names of events; none: all. */
  events: readonly string[];
  /** In clear: its receiver goes on verifying with it. */
  secret: string;
  isActive: boolean;
}

export async function insertWebhook(
  pool: Pool,
  masterKeys: readonly Uint8Array[],
  sessionId: string,
  { url, events, secret, isActive }: ForeignWebhook,
): Promise<void> {
  const sealed = createSecretBox(masterKeys, WEBHOOK_SECRETS_BOX).seal(Buffer.from(secret), secretContext(sessionId));
  const wanted = events.length > 0 ? events : ['*'];
  await pool.query(
    'INSERT INTO webhooks (id, session_id, url, events, secret, is_active) VALUES ($1, $2, $3, $4, $5, $6)',
    [newId(), sessionId, url, wanted, sealed, isActive],
  );
}
