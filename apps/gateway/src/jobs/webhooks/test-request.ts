import { EVENTS, type EventType, MAX_SHOWN_ANSWER_BYTES, type TestWebhookResult } from '@wa-gate/contracts';
import { addressOf, isPublicAddress, PrivateAddressError, publicLookup } from '@wa-gate/egress';
import { type Clock, newId, type SecretBox, TOKEN_PREFIX } from '@wa-gate/kit';
import { Agent, request } from 'undici';
import { openParts, type TestedWebhook } from '../../modules/webhooks/index.ts';
import { buildWebhookRequest, createSigner } from './webhook-request.ts';
import { withoutSecrets } from './without-secrets.ts';

const TIMEOUT_MS = 10_000;
/** More than is shown, so that no secret at the end of that is halved. */
const MAX_READ_BYTES = 8_192;

const refusal = (hostname: string) => new PrivateAddressError(`${hostname} is a private address.`);

/**
 * Sends the example of an event as a delivery is sent, once, and shows what came of it. Its id is of no event, and
 * `x-webhook-test` says that it is a test. Nothing of it is stored.
 */
export function createTestRequest(deps: { allowPrivate: boolean; secrets: SecretBox; clock: Clock }) {
  const { allowPrivate, secrets, clock } = deps;
  // A test needs its own connection: one that is kept would hide what is wrong with the next.
  const agent = new Agent({
    connect: { timeout: TIMEOUT_MS, ...(!allowPrivate && { lookup: publicLookup(refusal) }) },
    keepAliveTimeout: 1,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });

  async function post(url: string, { body, headers }: ReturnType<typeof buildWebhookRequest>) {
    const address = addressOf(new URL(url).hostname);
    if (!allowPrivate && address && !isPublicAddress(address)) throw refusal(address);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await request(url, { dispatcher: agent, method: 'POST', headers, body, signal });
    const kept: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        kept.push(chunk);
        bytes += chunk.length;
        if (bytes >= MAX_READ_BYTES) break;
      }
    } catch {
      // What came counts: the status is there.
    }
    answer.body.destroy();
    return {
      statusCode: answer.statusCode,
      answer: Buffer.concat(kept).toString(),
    };
  }

  return async (webhook: TestedWebhook, type: EventType): Promise<TestWebhookResult> => {
    const { sessionId, slug, url, metadata } = webhook;
    const parts = openParts(secrets, webhook, clock.now());
    const signer = createSigner({ sessionId, slug, metadata, ...parts });
    const idPrefix = `${TOKEN_PREFIX.event}test_${newId().replaceAll('-', '')}_`;
    const { example: data } = EVENTS[type];
    const event = { seq: 0, type, data, epoch: null, createdAt: clock.now(), attempts: 0, refusals: 0, metadata: null };
    const built = buildWebhookRequest(event, { ...signer, idPrefix }, new Date(clock.now()));
    const asked = { ...built, headers: { ...built.headers, 'x-webhook-test': 'true' } };
    const facts = { event: type, id: `${idPrefix}0` };
    const begun = clock.monotonic();
    const durationMs = () => Math.round(clock.monotonic() - begun);
    try {
      const { statusCode, answer } = await post(url, asked);
      const isDelivered = statusCode >= 200 && statusCode < 300;
      const error = isDelivered ? null : `The receiver answered ${statusCode}.`;
      const shown = withoutSecrets(answer, parts, MAX_SHOWN_ANSWER_BYTES);
      return { ...facts, isDelivered, statusCode, durationMs: durationMs(), answer: shown, error };
    } catch (error) {
      const what = describe(error);
      return { ...facts, isDelivered: false, statusCode: null, durationMs: durationMs(), answer: null, error: what };
    }
  };
}

function describe(error: unknown): string {
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  if (name === 'TimeoutError') return `No answer within ${TIMEOUT_MS / 1_000} s.`;
  return (message || code || 'The request failed.').slice(0, 500);
}
