import type { Pool } from '@wa-gate/db';
import { type Clock, type Logger, newId, type SecretBox } from '@wa-gate/kit';
import {
  type DueDelivery,
  disableWebhook,
  dueDeliveries,
  type LeasedWebhook,
  leaseDueWebhooks,
  releaseWebhook,
} from '@wa-gate/messaging';
import type { GatewayMetrics } from '../../metrics/index.ts';
import { secretContext } from '../../modules/webhooks/index.ts';
import { createResultWriter } from './result-writer.ts';
import { judgeAttempt, type Verdict } from './retry-schedule.ts';
import type { WebhookClient } from './webhook-client.ts';
import { buildWebhookRequest } from './webhook-request.ts';

export interface DrainDependencies {
  pool: Pool;
  client: WebhookClient;
  secrets: SecretBox;
  clock: Clock;
  metrics: Pick<GatewayMetrics, 'deliveries' | 'deliveryDuration'>;
  logger: Logger;
}

/** Longer than one attempt may last: the lease is renewed by each. */
const LEASE_MS = 30_000;
const BATCH = 20;
/** A webhook that always has something due gives its place to others after this many batches. */
const MAX_BATCHES = 50;

export interface Drained {
  webhookId: string;
  /** When the webhook has something due again; `null`: never, or the drain failed and the next sweep may try. */
  nextDueMs: number | null;
}

/**
 * Delivers everything that is due for a webhook. First attempts and retries run side by side, each in `seq` order,
 * so that a delivery that keeps failing or timing out never delays the next event.
 */
export interface WebhookDrain {
  /** Takes webhooks that have something due: at most `limit`, or the one named. */
  lease(limit: number, webhookId?: string): Promise<LeasedWebhook[]>;
  run(webhook: LeasedWebhook, signal: AbortSignal): Promise<Drained>;
}

export function createWebhookDrain(deps: DrainDependencies): WebhookDrain {
  const { pool, client, secrets, clock, metrics, logger } = deps;
  const results = createResultWriter({ pool, leaseMs: LEASE_MS });

  /** One attempt with its record. `false` ends the drain: the lease is lost, or the webhook is switched off. */
  async function deliver(webhook: LeasedWebhook, event: DueDelivery, secret: string, signal: AbortSignal) {
    const parts = buildWebhookRequest(event, secret, new Date(clock.now()));
    const begun = clock.monotonic();
    const verdict = judgeAttempt(await client.post(webhook.url, parts, signal), event.attempts, { now: clock.now() });
    metrics.deliveryDuration.observe((clock.monotonic() - begun) / 1_000);
    metrics.deliveries.inc({ outcome: verdict.status.toLowerCase() });
    const mayGoOn = await record(webhook, event, verdict);
    if (verdict.status === 'FAILED') {
      const { webhookId } = webhook;
      const { sessionId, seq } = event;
      logger.warn({ webhookId, sessionId, seq, responseCode: verdict.responseCode }, 'event not delivered');
      if (verdict.gone) await disableWebhook(pool, webhookId, verdict.error);
      return mayGoOn && !verdict.gone;
    }
    return mayGoOn;
  }

  const record = ({ webhookId, leasedBy }: LeasedWebhook, { sessionId, seq }: DueDelivery, verdict: Verdict) =>
    results.record({
      webhookId,
      leasedBy,
      sessionId,
      seq,
      status: verdict.status,
      ...(verdict.status === 'RETRYING' && { delayMs: verdict.delayMs }),
      responseCode: verdict.responseCode,
      error: verdict.status === 'DELIVERED' ? undefined : verdict.error,
    });

  async function deliverAll(
    webhook: LeasedWebhook,
    status: 'PENDING' | 'RETRYING',
    secret: string,
    stop: AbortController,
  ) {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const due = await dueDeliveries(pool, webhook.webhookId, status, BATCH);
      if (!due.length) return;
      for (const event of due) {
        if (stop.signal.aborted) return;
        if (!(await deliver(webhook, event, secret, stop.signal))) return stop.abort();
      }
    }
  }

  return {
    lease: (limit, webhookId) =>
      leaseDueWebhooks(pool, { leasedBy: newId(), leaseMs: LEASE_MS, limit, ...(webhookId && { webhookId }) }),

    async run(webhook, signal) {
      const { webhookId, sessionId } = webhook;
      const stop = new AbortController();
      const onStop = () => stop.abort(signal.reason);
      signal.addEventListener('abort', onStop, { once: true });
      if (signal.aborted) onStop();
      let hasFailed = false;
      const fail = (error: unknown) => {
        if (!stop.signal.aborted) logger.error({ err: error, webhookId, sessionId }, 'webhook drain failed');
        hasFailed = true;
        stop.abort();
      };
      try {
        const secret = secrets.open(webhook.secret, secretContext(sessionId)).toString();
        const firstAttempts = deliverAll(webhook, 'PENDING', secret, stop).catch(fail);
        const retries = deliverAll(webhook, 'RETRYING', secret, stop).catch(fail);
        await Promise.all([firstAttempts, retries]);
      } catch (error) {
        fail(error);
      } finally {
        signal.removeEventListener('abort', onStop);
      }
      const nextDueMs = await releaseWebhook(pool, webhook);
      return { webhookId, nextDueMs: hasFailed ? null : nextDueMs };
    },
  };
}
