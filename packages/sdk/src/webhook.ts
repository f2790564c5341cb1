import type { WebhookPayload } from './event-stream.ts';

/** Headers of a request, as `fetch`, Node or a framework has them. */
export type GivenHeaders = Headers | Record<string, string | readonly string[] | undefined>;

export interface WebhookVerification {
  /** The body as it came: bytes or text, **not parsed**. Parsed and written again it may be another one. */
  body: string | Uint8Array;
  headers: GivenHeaders;
  /** The secret of the webhook; while it is being changed, the new one and the old one. */
  secret: string | readonly string[];
  /** How old a delivery may be, and how wrong a clock. @default 300 */
  toleranceSeconds?: number;
  /** Milliseconds since 1970, for tests. @default the clock */
  now?: number;
}

/** Why a delivery is not to be trusted. Answer it with 400 or 401. */
export class WebhookVerificationError extends Error {
  override readonly name = 'WebhookVerificationError';
}

/**
 * Verifies a delivery by its signature after Standard Webhooks (https://www.standardwebhooks.com), and gives its
 * event. Throws a `WebhookVerificationError` when it does not come from the gateway, or was recorded earlier.
 */
export async function verifyWebhook(given: WebhookVerification): Promise<WebhookPayload> {
  const { body, headers, secret, toleranceSeconds = 300, now = Date.now() } = given;
  const id = headerOf(headers, 'webhook-id');
  const sentAt = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  if (!(Math.abs(now / 1_000 - Number(sentAt)) <= toleranceSeconds)) {
    throw new WebhookVerificationError(
      `The delivery is of ${sentAt}, more than ${toleranceSeconds} s away from this clock: recorded, or a clock is wrong.`,
    );
  }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const signed = join(new TextEncoder().encode(`${id}.${sentAt}.`), bytes);
  const candidates = signatures
    .split(' ')
    .flatMap((one) => (one.startsWith('v1,') ? [bytesOfBase64(one.slice(3))] : []));
  for (const one of [secret].flat()) {
    const key = await importKey(one);
    for (const candidate of candidates) {
      // `verify` takes as long for a wrong signature as for a right one.
      if (candidate && (await crypto.subtle.verify('HMAC', key, candidate, signed))) {
        return JSON.parse(new TextDecoder().decode(bytes)) as WebhookPayload;
      }
    }
  }
  throw new WebhookVerificationError(
    'No signature fits: another secret, a body that was changed on its way (give it as it came), or not from the gateway.',
  );
}

function headerOf(headers: GivenHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : findHeader(headers, name);
  const text = Array.isArray(value) ? value[0] : value;
  if (typeof text !== 'string' || text === '') {
    throw new WebhookVerificationError(`The delivery has no header ${name}.`);
  }
  return text;
}

function findHeader(headers: Exclude<GivenHeaders, Headers>, name: string) {
  const key = Object.keys(headers).find((one) => one.toLowerCase() === name);
  return key === undefined ? undefined : headers[key];
}

/** The key behind a secret: the bytes after `whsec_`; another secret as it is. */
async function importKey(secret: string) {
  const bytes = secret.startsWith('whsec_') ? bytesOfBase64(secret.slice(6)) : new TextEncoder().encode(secret);
  if (!bytes || bytes.length === 0) throw new TypeError('The secret of the webhook is empty, or not what was shown.');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
