import { createHmac } from 'node:crypto';
import { TOKEN_PREFIX } from '@wa-gate/kit';
import type { DueDelivery } from '@wa-gate/messaging';

const SECRET_PREFIX = 'whsec_';

/** The id of an event: the same for every attempt. Session and seq are its identity. */
const eventId = (sessionId: string, seq: number): string =>
  `${TOKEN_PREFIX.event}${sessionId.replaceAll('-', '')}_${seq}`;

/** Standard Webhooks: what follows `whsec_` is base64 of the key. Another secret is the key as it is. */
function standardKey(secret: string): Buffer {
  return secret.startsWith(SECRET_PREFIX)
    ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
    : Buffer.from(secret);
}

const hex = (secret: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

export interface WebhookRequestParts {
  body: string;
  headers: Record<string, string>;
}

/**
 * Body and headers of one attempt. `signature` is the last member of the body: HMAC-SHA256 over the body without that
 * member, keyed with the whole secret as text. The headers sign the body as it is sent: Standard Webhooks, and
 * `X-Hub-Signature-256` for Meta's verifiers, keyed with the whole secret as text too.
 */
export function buildWebhookRequest(event: DueDelivery, secret: string, now: Date): WebhookRequestParts {
  const id = eventId(event.sessionId, event.seq);
  const unsigned = JSON.stringify({
    id,
    event: event.type,
    timestamp: Math.floor(event.createdAt.getTime() / 1_000),
    sessionId: event.slug,
    seq: event.seq,
    epoch: event.epoch ?? 0,
    data: event.data,
    metadata: event.metadata ?? {},
  });
  const body = `${unsigned.slice(0, -1)},"signature":"${hex(secret, unsigned)}"}`;
  const sentAt = String(Math.floor(now.getTime() / 1_000));
  const standard = createHmac('sha256', standardKey(secret)).update(`${id}.${sentAt}.${body}`).digest('base64');
  return {
    body,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'wa-gate-webhooks/1',
      'webhook-id': id,
      'webhook-timestamp': sentAt,
      'webhook-signature': `v1,${standard}`,
      'x-hub-signature-256': hex(secret, body),
      'x-webhook-event': event.type,
      'x-webhook-attempt': String(event.attempts + 1),
    },
  };
}
