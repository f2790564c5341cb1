import { createRedis, type Logger, redisKeys } from '@wa-gate/kit';
import { Queue } from 'bullmq';

/**
 * Public names of the queues, in metrics and API. `message-queue` and `broadcast-queue` are the two lanes of the outbox
 * and no BullMQ queues.
 */
export const QUEUE_NAMES = {
  messages: 'message-queue',
  broadcasts: 'broadcast-queue',
  webhooks: 'webhook-queue',
} as const;

/** A doorbell says "look", never what to do: the facts are in PostgreSQL. */
export interface WebhookDoorbell {
  /** Notifies the jobs of an endpoint that has deliveries due. Never throws: without Redis the sweep finds them. */
  notify(webhookId: string): void;
  close(): Promise<void>;
}

/** At most one drain per endpoint runs; a notification while it runs causes one more run. */
export function createWebhookDoorbell(options: { redisUrl: string; logger: Logger }): WebhookDoorbell {
  const connection = createRedis({ url: options.redisUrl, logger: options.logger, name: 'webhook-bell' });
  const queue = new Queue(QUEUE_NAMES.webhooks, {
    connection,
    prefix: redisKeys.bullPrefix,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  queue.on('error', (error) => options.logger.debug({ err: error }, 'webhook doorbell has no Redis'));
  return {
    notify(webhookId) {
      queue
        .add('drain', { webhookId }, { deduplication: { id: webhookId, keepLastIfActive: true } })
        .catch((error: Error) => options.logger.debug({ err: error, webhookId }, 'webhook doorbell not sent'));
    },
    async close() {
      await queue.close();
      connection.disconnect();
    },
  };
}
