import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { DueDelivery } from '@wa-gate/messaging';
import { eventIdPrefix, presentEvent } from '../../modules/events/index.ts';

const SECRET_PREFIX = 'whsec_';

/** What of a webhook is in each of its requests. */
export interface Signer {
  /** The public id of the session. */
  slug: string;
  /** What the ids of its events begin with. */
  idPrefix: string;
  /** The whole secret as text. */
  key: KeyObject;
  /** Of Standard Webhooks: what follows `whsec_` is base64 of the key. Another secret is the key as it is. */
  standardKey: KeyObject;
}

export function createSigner(sessionId: string, slug: string, secret: string): Signer {
  const standard = secret.startsWith(SECRET_PREFIX)
    ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
    : Buffer.from(secret);
  return {
    slug,
    idPrefix: eventIdPrefix(sessionId),
    key: createSecretKey(Buffer.from(secret)),
    standardKey: createSecretKey(standard),
  };
}

const hex = (key: KeyObject, body: string): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

export interface WebhookRequestParts {
  body: string;
  headers: Record<string, string>;
}

/**
 * Body and headers of one attempt. The id of an event is the same for every attempt: session and seq are its identity.
 * `signature` is the last member of the body: HMAC-SHA256 over the body without that member, keyed with the whole
 * secret as text. The headers sign the body as it is sent: Standard Webhooks, and `X-Hub-Signature-256` for Meta's
 * verifiers, keyed with the whole secret as text too.
 */
export function buildWebhookRequest(event: DueDelivery, signer: Signer, now: Date): WebhookRequestParts {
  const payload = presentEvent(event, signer);
  const { id } = payload;
  const unsigned = JSON.stringify(payload);
  const body = `${unsigned.slice(0, -1)},"signature":"${hex(signer.key, unsigned)}"}`;
  const sentAt = String(Math.floor(now.getTime() / 1_000));
  const standard = createHmac('sha256', signer.standardKey).update(`${id}.${sentAt}.${body}`).digest('base64');
  return {
    body,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'wa-gate-webhooks/1',
      'webhook-id': id,
      'webhook-timestamp': sentAt,
      'webhook-signature': `v1,${standard}`,
      'x-hub-signature-256': hex(signer.key, body),
      'x-webhook-event': event.type,
      'x-webhook-attempt': String(event.attempts + 1),
    },
  };
}
