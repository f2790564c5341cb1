import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Seconds of clock difference that receivers of Standard Webhooks usually allow. */
const TOLERANCE_S = 300;
const PREFIX = 'whsec_';

/**
 * Checks a webhook request as a receiver of Standard Webhooks does. It follows the specification and not our sender:
 * `v1,<base64 of HMAC-SHA256(secret, id.timestamp.body)>`, several signatures separated by spaces.
 *
 * @returns the problem, or null
 */
export function signatureProblem(
  secret: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
  now = Date.now(),
): string | null {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const given = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof given !== 'string') {
    return 'one of webhook-id, webhook-timestamp, webhook-signature is missing';
  }
  if (!/^\d+$/.test(timestamp) || Math.abs(now / 1_000 - Number(timestamp)) > TOLERANCE_S) {
    return `the timestamp ${timestamp} is not near now, in seconds`;
  }
  if (!secret.startsWith(PREFIX)) return `the secret does not start with ${PREFIX}`;
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  const matches = given.split(' ').some((signature) => {
    const [version, value = ''] = signature.split(',');
    const bytes = Buffer.from(value, 'base64');
    return version === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
  return matches ? null : 'no signature matches';
}
