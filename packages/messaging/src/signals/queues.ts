import { createRedis, type Logger, redisKeys } from '@wa-gate/kit';
import type { Queue } from 'bullmq';

/**
 * Public names of the queues, in metrics and API. `message-queue` and `broadcast-queue` are the two lanes of the outbox
 * and no BullMQ queues; `mail-queue` is the table of mails.
 */
export const QUEUE_NAMES = {
  messages: 'message-queue',
  broadcasts: 'broadcast-queue',
  webhooks: 'webhook-queue',
  mails: 'mail-queue',
} as const;

/** A doorbell says "look", never what to do: the facts are in PostgreSQL. */
export interface WebhookDoorbell {
  /** Notifies the jobs of an endpoint that has deliveries due. Never throws: without Redis the sweep finds them. */
  notify(webhookId: string): void;
  close(): Promise<void>;
}

/**
 * At most one drain per endpoint runs; a notification while it runs causes one more run. The queue is opened by the
 * first notification: BullMQ is a large part of what an idle process would hold.
 */
export function createWebhookDoorbell({ redisUrl, logger }: { redisUrl: string; logger: Logger }): WebhookDoorbell {
  let opening: ReturnType<typeof openQueue> | undefined;

  async function openQueue() {
    const { Queue } = await import('./bullmq.ts');
    const connection = createRedis({ url: redisUrl, logger, name: 'webhook-bell' });
    const queue: Queue = new Queue(QUEUE_NAMES.webhooks, {
      connection,
      prefix: redisKeys.bullPrefix,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    queue.on('error', (error) => logger.debug({ err: error }, 'webhook doorbell has no Redis'));
    return { queue, connection };
  }

  return {
    notify(webhookId) {
      opening ??= openQueue();
      opening
        .then(({ queue }) =>
          queue.add('drain', { webhookId }, { deduplication: { id: webhookId, keepLastIfActive: true } }),
        )
        .catch((error: Error) => logger.debug({ err: error, webhookId }, 'webhook doorbell not sent'));
    },
    async close() {
      const opened = await opening?.catch(() => undefined);
      await opened?.queue.close();
      opened?.connection.disconnect();
    },
  };
}
