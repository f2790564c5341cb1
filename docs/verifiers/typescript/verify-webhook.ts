import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds that a delivery may be old, or that two clocks may differ. */
const TOLERANCE_S = 300;

/** A request that is not from the gateway, or that somebody has recorded. Answer it with 401. */
export class WebhookRefused extends Error {}

/** What every event has; `data` is described in docs/webhooks.md. */
export interface WaGateEvent {
  id: string;
  event: string;
  timestamp: number;
  sessionId: string;
  seq: number;
  epoch: number;
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Verifies a webhook by its Standard Webhooks signature, and reads it.
 *
 * @param headers with names in small letters, as Node has them
 * @param body the bytes as they came: not parsed, and not written again
 * @param secrets of the webhook; while a secret is being replaced, the old one and the new one
 * @param now milliseconds since 1970
 * @throws {WebhookRefused}
 */
export function verifyWebhook(
  headers: Headers,
  body: Buffer | string,
  secrets: string | readonly string[],
  now: number = Date.now(),
): WaGateEvent {
  const { 'webhook-id': id, 'webhook-timestamp': sentAt, 'webhook-signature': given } = headers;
  if (typeof id !== 'string' || typeof sentAt !== 'string' || typeof given !== 'string') {
    throw new WebhookRefused('A header of the signature is missing.');
  }
  if (!/^\d{1,12}$/.test(sentAt) || Math.abs(now / 1_000 - Number(sentAt)) > TOLERANCE_S) {
    throw new WebhookRefused('The request is too old, or a clock is wrong.');
  }
  const expected = [secrets].flat().map((secret) => signatureOf(secret, `${id}.${sentAt}.`, body));
  const actual = given.split(' ').filter((one) => one.startsWith('v1,'));
  const isSigned = actual.some((one) => {
    const bytes = Buffer.from(one.slice('v1,'.length), 'base64');
    return expected.some((wanted) => bytes.length === wanted.length && timingSafeEqual(bytes, wanted));
  });
  if (!isSigned) throw new WebhookRefused('No signature matches.');
  return JSON.parse(body.toString()) as WaGateEvent;
}

function signatureOf(secret: string, head: string, body: Buffer | string): Buffer {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
  return createHmac('sha256', key).update(head).update(body).digest();
}
