import { createSecretBox } from '@wa-gate/kit';
import type { Config } from '../config.ts';
import {
  createWebhookClient,
  createWebhookDeliverer,
  createWebhookDrain,
  type WebhookConsumer,
} from '../jobs/webhooks/index.ts';
import type { GatewayMetrics } from '../metrics/index.ts';
import { WEBHOOK_SECRETS_BOX } from '../modules/webhooks/index.ts';
import type { Background, Resources } from './resources.ts';

/** What seals and opens the secrets of webhooks. */
export const webhookSecrets = ({ masterKeys }: Resources) => createSecretBox(masterKeys, WEBHOOK_SECRETS_BOX);

/** The delivery of webhooks: doorbells, retries and the sweep. */
export function composeDelivery(
  resources: Resources,
  config: Config,
  metrics: GatewayMetrics,
): { background: Background } {
  const { pool, logger, clock } = resources;
  const client = createWebhookClient({ allowPrivate: config.WEBHOOK_ALLOW_PRIVATE });
  const secrets = webhookSecrets(resources);
  const drain = createWebhookDrain({ pool, client, secrets, clock, metrics, logger });
  const deliverer = createWebhookDeliverer({ drain, logger });
  let consumer: Promise<WebhookConsumer> | undefined;
  // BullMQ is loaded after the server listens: until then the sweep would find everything.
  async function consume(): Promise<WebhookConsumer> {
    const { createWebhookConsumer } = await import('../jobs/webhooks/webhook-consumer.ts');
    return createWebhookConsumer({ redisUrl: config.REDIS_URL, deliverer, logger });
  }
  const background: Background = {
    start() {
      deliverer.start();
      consumer = consume();
    },
    async stop() {
      await deliverer.stop();
      await (await consumer)?.close();
      await client.close();
    },
  };
  return { background };
}
