import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { DueDelivery } from '@wa-gate/messaging';
import { eventIdPrefix, presentEvent } from '../../modules/events/index.ts';

const SECRET_PREFIX = 'whsec_';
/** Of the bodies: it changes when a member is removed, or means something else. */
const WEBHOOK_VERSION = '1';

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
  /** After a rotation: the standard key of the secret before, and until when it signs, in milliseconds since 1970. */
  previous?: { standardKey: KeyObject; until: number } | undefined;
  /** Headers that the customer has set, with basic authentication as one of them; names in small letters. */
  headers: Readonly<Record<string, string>>;
  /** What the customer has attached to the endpoint. */
  metadata: Record<string, unknown> | null;
  /** Whose headers are sent besides. */
  compat: 'waha' | null;
}

export interface SignerParts {
  sessionId: string;
  slug: string;
  secret: string;
  previous?: { secret: string; until: number } | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  metadata?: Record<string, unknown> | null | undefined;
  compat?: 'waha' | null | undefined;
}

const standardKeyOf = (secret: string): KeyObject =>
  createSecretKey(
    secret.startsWith(SECRET_PREFIX) ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64') : Buffer.from(secret),
  );

export function createSigner(parts: SignerParts): Signer {
  const { sessionId, slug, secret, previous, headers = {}, metadata = null, compat = null } = parts;
  return {
    slug,
    idPrefix: eventIdPrefix(sessionId),
    key: createSecretKey(Buffer.from(secret)),
    standardKey: standardKeyOf(secret),
    previous: previous && { standardKey: standardKeyOf(previous.secret), until: previous.until },
    headers,
    metadata,
    compat,
  };
}

const hex = (key: KeyObject, body: string): string => `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
const standard = (key: KeyObject, signed: string): string =>
  `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;

export interface WebhookRequestParts {
  body: string;
  headers: Record<string, string>;
}

/**
 * Body and headers of one attempt. The id of an event is the same for every attempt: session and seq are its identity.
 * `signature` is the last member of the body: HMAC-SHA256 over the body without that member, keyed with the whole
 * secret as text. The headers sign the body as it is sent: Standard Webhooks, and `X-Hub-Signature-256` for Meta's
 * verifiers, keyed with the whole secret as text too. During a rotation `webhook-signature` has a second signature, of
 * the secret before; the other two are of the new one.
 */
export function buildWebhookRequest(event: DueDelivery, signer: Signer, now: Date): WebhookRequestParts {
  const payload = presentEvent(event, signer);
  // What was attached to the message says more than what is attached to every event.
  if (signer.metadata) payload.metadata = { ...signer.metadata, ...payload.metadata };
  const { id } = payload;
  const unsigned = JSON.stringify(payload);
  const body = `${unsigned.slice(0, -1)},"signature":"${hex(signer.key, unsigned)}"}`;
  const sentAt = String(Math.floor(now.getTime() / 1_000));
  const signed = `${id}.${sentAt}.${body}`;
  const { previous } = signer;
  const signatures = [standard(signer.standardKey, signed)];
  if (previous && now.getTime() < previous.until) signatures.push(standard(previous.standardKey, signed));
  return {
    body,
    headers: {
      ...signer.headers,
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'wa-gate-webhooks/1',
      'webhook-id': id,
      'webhook-timestamp': sentAt,
      'webhook-signature': signatures.join(' '),
      'x-hub-signature-256': hex(signer.key, body),
      'x-webhook-event': event.type,
      'x-webhook-version': WEBHOOK_VERSION,
      'x-webhook-attempt': String(event.attempts + 1),
      ...(signer.compat === 'waha' && wahaHeaders(signer, { id, body, now })),
      ...(event.isReplay && { 'x-webhook-replay': 'true' }),
    },
  };
}

/** As receivers of WAHA verify: SHA-512 over the body, keyed with the whole secret as text. Milliseconds since 1970. */
const wahaHeaders = ({ key }: Signer, { id, body, now }: { id: string; body: string; now: Date }) => ({
  'x-webhook-hmac': createHmac('sha512', key).update(body).digest('hex'),
  'x-webhook-hmac-algorithm': 'sha512',
  'x-webhook-request-id': id,
  'x-webhook-timestamp': String(now.getTime()),
});
