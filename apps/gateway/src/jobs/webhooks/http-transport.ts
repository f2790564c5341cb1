import type { Clock, SecretBox } from '@wa-gate/kit';
import type { DueDelivery } from '@wa-gate/messaging';
import { openParts } from '../../modules/webhooks/index.ts';
import { MAX_ANSWER_BYTES } from './attempt-outcome.ts';
import { inDeliverySpan } from './delivery-span.ts';
import type { Transport } from './transport.ts';
import type { WebhookClient } from './webhook-client.ts';
import { buildWebhookRequest, createSigner } from './webhook-request.ts';
import { withoutSecrets } from './without-secrets.ts';

export interface HttpTransportDependencies {
  /** Closed by the transport. */
  client: WebhookClient;
  secrets: SecretBox;
  clock: Clock;
}

/** Webhooks: each event is a signed `POST`. */
export function createHttpTransport({ client, secrets, clock }: HttpTransportDependencies): Transport {
  return {
    open(leased) {
      const { sessionId, slug, url, metadata, compat } = leased;
      const parts = openParts(secrets, leased, clock.now());
      const signer = createSigner({ sessionId, slug, metadata, compat, ...parts });
      const endpoint = client.endpoint(url);
      const post = (event: DueDelivery) =>
        client.post(endpoint, buildWebhookRequest(event, signer, new Date(clock.now())));
      return {
        async send([event]) {
          if (!event) return [];
          const outcome = await inDeliverySpan('deliver event', event, leased, () => post(event));
          if (outcome.kind === 'delivered' || outcome.answer === undefined) return [outcome];
          return [{ ...outcome, answer: withoutSecrets(outcome.answer, parts, MAX_ANSWER_BYTES) }];
        },
        knock: () => client.knock(endpoint),
      };
    },
    close: () => client.close(),
  };
}
