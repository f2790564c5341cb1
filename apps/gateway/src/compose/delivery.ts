import { SINK_TYPES } from '@wa-gate/contracts';
import { createSecretBox, redisKeys } from '@wa-gate/kit';
import type { SessionHint } from '@wa-gate/messaging';
import type { Config } from '../config.ts';
import { createSinkClient, createSinkTransport } from '../jobs/sinks/index.ts';
import {
  createHttpTransport,
  createWebhookClient,
  createWebhookDeliverer,
  type WebhookConsumer,
} from '../jobs/webhooks/index.ts';
import type { JobsMetrics } from '../metrics/index.ts';
import { WEBHOOK_SECRETS_BOX } from '../modules/webhooks/index.ts';
import type { ControlStreams } from '../worker-links/control-streams.ts';
import type { Subscriptions } from '../worker-links/subscriptions.ts';
import type { Background, Resources } from './resources.ts';

/** What seals and opens the secrets of webhooks. */
export const webhookSecrets = ({ masterKeys }: Resources) => createSecretBox(masterKeys, WEBHOOK_SECRETS_BOX);

/** Where the delivery hears of new events: control streams, or Redis of workers to which no gateway has a stream. */
export interface DeliverySources {
  streams: Pick<ControlStreams, 'onHints'>;
  subscriptions: Subscriptions;
}

/** The delivery of webhooks: hints, doorbells, retries and the sweep. */
export function composeDelivery(
  resources: Resources,
  config: Config,
  metrics: JobsMetrics,
  { streams, subscriptions }: DeliverySources,
): { background: Background } {
  const { pool, logger, clock } = resources;
  const client = createWebhookClient({ allowPrivate: config.WEBHOOK_ALLOW_PRIVATE });
  const secrets = webhookSecrets(resources);
  const { WEBHOOK_ALLOW_PRIVATE: allowPrivate } = config;
  const brokers = createSinkClient({ allowPrivate, clock, metrics: metrics.sinks, logger });
  const sinks = createSinkTransport({ client: brokers, secrets, clock });
  const transports = {
    http: createHttpTransport({ client, secrets, clock }),
    ...Object.fromEntries(SINK_TYPES.map((type) => [type, sinks])),
  };
  const deliverer = createWebhookDeliverer({ pool, transports, clock, metrics, logger });
  let consumer: Promise<WebhookConsumer> | undefined;
  // BullMQ is loaded after the server listens: until then the sweep would find everything.
  async function consume(): Promise<WebhookConsumer> {
    const { createWebhookConsumer } = await import('../jobs/webhooks/webhook-consumer.ts');
    return createWebhookConsumer({ redisUrl: config.REDIS_URL, deliverer, logger });
  }

  function onMessage(text: string): void {
    try {
      deliverer.onHints(JSON.parse(text) as SessionHint[]);
    } catch (error) {
      logger.warn({ err: error }, 'hints about deliveries cannot be read');
    }
  }

  const background: Background = {
    start() {
      // Whoever waits for the same hints is answered first: building and signing a request takes longer than an answer.
      streams.onHints((hints) => void setImmediate(() => deliverer.onHints(hints)));
      void subscriptions.subscribe(redisKeys.deliveries(), onMessage);
      deliverer.start();
      consumer = consume();
    },
    async stop() {
      await deliverer.stop();
      await (await consumer)?.close();
    },
  };
  return { background };
}
