import { createRedis, type Logger, type Redis, redisKeys, within } from '@wa-gate/kit';
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
 * Milliseconds after which a call of BullMQ counts as lost. One of a queue that has never had a Redis does not end by
 * itself.
 */
const CALL_MS = 2_000;
/** Endpoints that are notified as soon as the queue has its connection, at most. */
const MAX_WAITING = 1_000;

/**
 * At most one drain per endpoint runs; a notification while it runs causes one more run. The queue is opened by the
 * first notification: BullMQ is a large part of what an idle process would hold. While Redis is away notifications are
 * dropped: the rows are there, and the sweep finds them.
 */
export function createWebhookDoorbell({ redisUrl, logger }: { redisUrl: string; logger: Logger }): WebhookDoorbell {
  let connection: Redis | undefined;
  let queue: Queue | undefined;
  /** Notified before the queue had its connection. */
  const waiting = new Set<string>();
  /** A call lasts; what is added meanwhile waits for its end. */
  const calling = new Map<string, { isAgain: boolean }>();

  /** The queue is made when there is a connection: one that is made before never recovers from its first failure. */
  function connect(): Redis {
    const connecting = createRedis({ url: redisUrl, logger, name: 'webhook-bell' });
    connecting.once('ready', () => {
      openQueue(connecting).catch((error: Error) => logger.debug({ err: error }, 'webhook doorbell not opened'));
    });
    connecting.connect().catch(() => undefined);
    return connecting;
  }

  async function openQueue(connected: Redis): Promise<void> {
    const { Queue } = await import('./bullmq.ts');
    queue = new Queue(QUEUE_NAMES.webhooks, {
      connection: connected,
      prefix: redisKeys.bullPrefix,
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    queue.on('error', (error) => logger.debug({ err: error }, 'webhook doorbell has no Redis'));
    for (const webhookId of waiting) ring(webhookId);
    waiting.clear();
  }

  function ring(webhookId: string): void {
    const call = calling.get(webhookId);
    if (call) {
      call.isAgain = true;
      return;
    }
    const made = { isAgain: false };
    calling.set(webhookId, made);
    const adding = queue!.add('drain', { webhookId }, { deduplication: { id: webhookId, keepLastIfActive: true } });
    within(CALL_MS, adding)
      .catch((error: Error) => logger.debug({ err: error, webhookId }, 'webhook doorbell not sent'))
      .finally(() => {
        calling.delete(webhookId);
        if (made.isAgain) ring(webhookId);
      });
  }

  return {
    notify(webhookId) {
      connection ??= connect();
      if (queue) ring(webhookId);
      else if (waiting.size < MAX_WAITING) waiting.add(webhookId);
    },
    async close() {
      // Without a Redis it would not end.
      await within(CALL_MS, queue?.close()).catch(() => undefined);
      connection?.disconnect();
    },
  };
}
