import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, request } from 'undici';
import { addressOf, isPublicAddress, PrivateAddressError } from '../../modules/webhooks/index.ts';
import type { AttemptResult } from './retry-schedule.ts';
import type { WebhookRequestParts } from './webhook-request.ts';

/** Sends one attempt. A redirect is not followed: it is an answer that is not 2xx. */
export interface WebhookClient {
  post(url: string, parts: WebhookRequestParts, signal: AbortSignal): Promise<AttemptResult>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Enough of the answer to reuse the connection; a receiver that sends more loses it. */
const MAX_ANSWER_BYTES = 65_536;

const refusal = (hostname: string) =>
  new PrivateAddressError(`${hostname} is a private address; set WEBHOOK_ALLOW_PRIVATE=true to deliver there.`);

/**
 * Resolves with the system's resolver and keeps public addresses only: the connection goes to the address that was
 * checked.
 */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error) return callback(error, '', 0);
    const allowed = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (!first) return callback(refusal(hostname), '', 0);
    if (options.all) return callback(null, allowed);
    return callback(null, first.address, first.family);
  });
};

export function createWebhookClient({ allowPrivate }: { allowPrivate: boolean }): WebhookClient {
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS, ...(!allowPrivate && { lookup: publicLookup }) },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    keepAliveTimeout: 10_000,
  });

  function assertAllowed(url: string): void {
    // An address in the URL is never looked up, so that it is checked here.
    const { hostname } = new URL(url);
    const address = addressOf(hostname);
    if (!allowPrivate && address && !isPublicAddress(address)) throw refusal(hostname);
  }

  return {
    async post(url, { body, headers }, signal) {
      // One controller and one timer: `AbortSignal.any` and `.timeout` were a twentieth of the gateway's work under
      // load.
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(new DOMException('timeout', 'TimeoutError')), TIMEOUT_MS);
      const onStop = () => limit.abort(signal.reason);
      signal.addEventListener('abort', onStop, { once: true });
      try {
        signal.throwIfAborted();
        assertAllowed(url);
        const response = await request(url, { dispatcher: agent, method: 'POST', headers, body, signal: limit.signal });
        await response.body.dump({ limit: MAX_ANSWER_BYTES, signal: limit.signal }).catch(() => undefined);
        const retryAfter = response.headers['retry-after'];
        return {
          kind: 'answered',
          statusCode: response.statusCode,
          retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
        };
      } catch (error) {
        // Stopping is no failure of the receiver.
        signal.throwIfAborted();
        return { kind: 'failed', error: describe(error) };
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', onStop);
      }
    },
    close: () => agent.close(),
  };
}

function describe(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  if (name === 'TimeoutError') return `No answer within ${TIMEOUT_MS / 1_000} s.`;
  return (message || code || 'The request failed.').slice(0, 500);
}
