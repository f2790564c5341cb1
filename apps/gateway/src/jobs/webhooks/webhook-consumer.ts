import { createRedis, type Logger, redisKeys, within } from '@wa-gate/kit';
import { QUEUE_NAMES } from '@wa-gate/messaging';
import { Worker } from 'bullmq';
import type { WebhookDeliverer } from './webhook-deliverer.ts';

const CLOSE_MS = 2_000;

export interface WebhookConsumer {
  close(): Promise<void>;
}

/** Listens to the doorbells of `webhook-queue`. A job carries an id and no facts: what it finds is in PostgreSQL. */
export function createWebhookConsumer(options: {
  redisUrl: string;
  deliverer: Pick<WebhookDeliverer, 'notify'>;
  logger: Logger;
  concurrency?: number;
}): WebhookConsumer {
  const { redisUrl, deliverer, logger, concurrency = 32 } = options;
  const connection = createRedis({ url: redisUrl, logger, name: 'webhook-consumer', blocking: true });
  const worker = new Worker<{ webhookId: string }>(
    QUEUE_NAMES.webhooks,
    async (job) => deliverer.notify(job.data.webhookId),
    {
      connection,
      prefix: redisKeys.bullPrefix,
      concurrency,
    },
  );
  // Connection trouble is logged once per outage by the connection itself.
  worker.on('error', (error) => logger.debug({ err: error }, 'webhook consumer'));
  return {
    async close() {
      // A graceful close would wait for a Redis that is away, and that of a worker that has never had one does not end.
      await within(CLOSE_MS, worker.close(connection.status !== 'ready')).catch(() => undefined);
      connection.disconnect();
    },
  };
}
