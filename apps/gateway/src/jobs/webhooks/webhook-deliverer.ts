import type { Logger } from '@wa-gate/kit';
import type { LeasedWebhook } from '@wa-gate/messaging';
import type { WebhookDrain } from './webhook-drain.ts';

export interface DelivererOptions {
  /** How often to look for what is due without a doorbell. @default 5 000 */
  sweepEveryMs?: number;
  /** Webhooks drained at the same time. @default 32 */
  concurrency?: number;
}

/**
 * Decides when which webhook is drained: at its doorbell, when a retry of this process comes due, and at a sweep every
 * few seconds, which finds due deliveries without Redis and without memory. Doing it twice is harmless: the lease
 * admits one.
 */
export interface WebhookDeliverer {
  start(): void;
  /** A doorbell: drains that webhook, and resolves when it is done. */
  notify(webhookId: string): Promise<void>;
  /** Ends attempts in flight without counting them and waits for the drains to let go. */
  stop(): Promise<void>;
}

/** Retries later than this are left to the sweep: timers are for the fast ones. */
const TIMER_HORIZON_MS = 20_000;

export function createWebhookDeliverer(
  { drain, logger }: { drain: WebhookDrain; logger: Logger },
  { sweepEveryMs = 5_000, concurrency = 32 }: DelivererOptions = {},
): WebhookDeliverer {
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  const timers = new Map<string, NodeJS.Timeout>();
  let sweeper: NodeJS.Timeout | undefined;

  async function take(limit: number, webhookId?: string): Promise<void> {
    if (stopping.signal.aborted || limit <= 0) return;
    const leased = await drain.lease(limit, webhookId);
    await Promise.all(leased.map(begin));
  }

  function begin(webhook: LeasedWebhook): Promise<void> {
    const { webhookId } = webhook;
    const work = drain
      .run(webhook, stopping.signal)
      .then(({ nextDueMs }) => schedule(webhookId, nextDueMs))
      .catch((error: Error) => logger.warn({ err: error, webhookId }, 'webhook not released; its lease will run out'))
      .finally(() => running.delete(webhookId));
    running.set(webhookId, work);
    return work;
  }

  function schedule(webhookId: string, nextDueMs: number | null): void {
    clearTimeout(timers.get(webhookId));
    timers.delete(webhookId);
    if (nextDueMs === null || nextDueMs > TIMER_HORIZON_MS || stopping.signal.aborted) return;
    // A millisecond late rather than early: the database decides what is due.
    const timer = setTimeout(() => void notify(webhookId), Math.max(0, Math.ceil(nextDueMs)) + 1);
    timers.set(webhookId, timer.unref());
  }

  async function notify(webhookId: string): Promise<void> {
    try {
      await take(1, webhookId);
    } catch (error) {
      logger.warn({ err: error, webhookId }, 'webhook not drained; the sweep will find it');
    }
  }

  function sweep(): void {
    take(concurrency - running.size).catch((error: Error) => logger.warn({ err: error }, 'webhook sweep failed'));
  }

  return {
    start() {
      sweeper = setInterval(sweep, sweepEveryMs).unref();
      sweep();
    },
    notify,
    async stop() {
      stopping.abort(new Error('stopping'));
      clearInterval(sweeper);
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(running.values());
    },
  };
}
