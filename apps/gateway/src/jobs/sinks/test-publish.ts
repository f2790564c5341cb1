import { EVENTS, type EventType, type SinkConfiguration, type TestWebhookResult } from '@wa-gate/contracts';
import { type Clock, type Logger, newId, type SecretBox, TOKEN_PREFIX } from '@wa-gate/kit';
import { openConfiguration, openParts, type TestedWebhook } from '../../modules/webhooks/index.ts';
import { createSigner } from '../webhooks/webhook-request.ts';
import { createSinkClient } from './sink-client.ts';
import { sinkMessage } from './sink-message.ts';

/** A connection that is kept would hide what is wrong with the next. */
const IDLE_MS = 1;

/**
 * Publishes the example of an event as a delivery is published, once, and shows what came of it. Its id is of no event,
 * and the header `x-webhook-test` says that it is a test.
 */
export function createTestPublish(deps: { allowPrivate: boolean; secrets: SecretBox; clock: Clock; logger: Logger }) {
  const { secrets, clock } = deps;
  const client = createSinkClient(deps, { idleMs: IDLE_MS });

  return async (webhook: TestedWebhook, type: EventType): Promise<TestWebhookResult> => {
    const { endpointId, sessionId, slug, metadata, configuration } = webhook;
    const { secret, previous } = openParts(secrets, webhook, clock.now());
    const idPrefix = `${TOKEN_PREFIX.event}test_${newId().replaceAll('-', '')}_`;
    const signer = { ...createSigner({ sessionId, slug, metadata, secret, previous }), idPrefix };
    const { example: data } = EVENTS[type];
    const event = { seq: 0, type, data, epoch: null, createdAt: clock.now(), attempts: 0, refusals: 0, metadata: null };
    const message = sinkMessage(event, signer, endpointId, new Date(clock.now()));
    const sink = openConfiguration<SinkConfiguration>(secrets, endpointId, configuration!);
    const begun = clock.monotonic();
    const asTest = { ...message, headers: { ...message.headers, 'x-webhook-test': 'true' } };
    const result = await client.publish(endpointId, sink, asTest);
    return {
      event: type,
      id: message.id,
      isDelivered: result.kind === 'stored',
      statusCode: null,
      durationMs: Math.round(clock.monotonic() - begun),
      answer: null,
      error: result.kind === 'stored' ? null : result.error,
    };
  };
}
