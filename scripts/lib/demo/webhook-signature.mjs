/** Verifies a webhook as Standard Webhooks defines it: HMAC-SHA256 over `id.timestamp.body`. */
import { createHmac, timingSafeEqual } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';
const TOLERANCE_S = 300;

/**
 * @param {object} request
 * @param {import('node:http').IncomingHttpHeaders} request.headers
 * @param {string} request.body as it came, byte for byte
 * @param {string} secret `whsec_` and base64
 * @param {number} [nowS]
 * @returns {boolean}
 */
export function isSignatureValid({ headers, body }, secret, nowS = Date.now() / 1000) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return false;
  // A replayed request must not pass as a new one.
  if (!(Math.abs(nowS - Number(timestamp)) <= TOLERANCE_S)) return false;
  const key = Buffer.from(secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : secret, 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return signatures.split(' ').some((signature) => {
    const [version, value = ''] = signature.split(',');
    const given = Buffer.from(value, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}
