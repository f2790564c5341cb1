import type { Pool } from '@wa-gate/db';
import { type Clock, inSpan, isTracing, type Logger, newId, type SecretBox } from '@wa-gate/kit';
import {
  type DueDelivery,
  disableWebhook,
  type LeasedWebhook,
  leaseWebhooks,
  readRetries,
  readUndelivered,
  type SessionHint,
  WEBHOOK_LEASE_MARGIN_MS,
  WEBHOOK_LEASE_MS,
  type WrittenWebhook,
} from '@wa-gate/messaging';
import type { JobsMetrics } from '../../metrics/index.ts';
import { openParts } from '../../modules/webhooks/index.ts';
import { HeldWebhook } from './held-webhook.ts';
import { createResultWriter } from './result-writer.ts';
import { judgeAttempt, type Verdict } from './retry-schedule.ts';
import { Rounds } from './rounds.ts';
import { Interrupted, type WebhookClient } from './webhook-client.ts';
import { buildWebhookRequest, createSigner } from './webhook-request.ts';

export interface DelivererDependencies {
  pool: Pool;
  /** Closed by {@link WebhookDeliverer.stop}. */
  client: WebhookClient;
  secrets: SecretBox;
  clock: Clock;
  metrics: Pick<JobsMetrics, 'deliveries' | 'deliveryDuration'>;
  logger: Logger;
}

export interface DelivererOptions {
  /** How often to look for what is due without a hint. @default 5 000 */
  sweepEveryMs?: number;
  /** How often leases are looked after. @default 2 000 */
  tickEveryMs?: number;
  /** How long a webhook without events stays held. @default 10 000 */
  keepMs?: number;
  /**
   * How long events are appended with rows again before a webhook is let go: longer than a statement may last, so that
   * none that began before is still running. @default 12 000
   */
  retireMs?: number;
  /** Webhooks that this process holds, at most. @default 5 000 */
  maxHeld?: number;
  /** How long a result may wait for company. @default 100 */
  lingerMs?: number;
}

/**
 * Delivers the events of the webhooks that this process holds. A hint brings the event itself; what hints have not
 * brought is read, for all webhooks in one statement. First attempts of a webhook are made one after the other in `seq`
 * order; retries run beside them, so that a delivery that keeps failing or timing out never delays the next event.
 * Results of all webhooks are written many at a time, and nobody waits for them.
 *
 * A webhook that nobody holds is taken at a hint, at its doorbell, or by a sweep every few seconds that needs neither
 * Redis nor memory. It is kept while there is traffic. The lease admits one process.
 */
export interface WebhookDeliverer {
  start(): void;
  /** What workers announce after their commits. */
  onHints(hints: readonly SessionHint[]): void;
  /** A doorbell: there is something new for that webhook. */
  notify(webhookId: string): void;
  /**
   * Begins no attempt any more, ends those that last on without counting them, writes the results, and lets all
   * webhooks go.
   */
  stop(): Promise<void>;
}

/** A lease that no result has renewed for so long is renewed at the next tick. */
const RENEW_AFTER_MS = 1_500;
const READ_LIMIT = 64;
const RETRY_LIMIT = 20;
const SWEEP_LIMIT = 500;
/** A webhook whose next retry is due so soon is not let go before. */
const RETRY_HORIZON_MS = 20_000;
const MIN_RETRY_MS = 50;
/** How long a stop lets attempts in flight end by themselves. */
const STOP_GRACE_MS = 250;
/** The longest timer there is. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Of the trace that brought the event about; of an event that nothing traced brought about it begins one. */
const spanOf = ({ trace, type, seq, attempts }: DueDelivery, { webhookId, sessionId }: HeldWebhook) =>
  ({
    kind: 'producer',
    parent: trace ?? null,
    attributes: {
      'wag.event': type,
      'wag.event.seq': seq,
      'wag.webhook.id': webhookId,
      'wag.session.id': sessionId,
      'wag.attempt': attempts + 1,
    },
  }) as const;

export function createWebhookDeliverer(deps: DelivererDependencies, options: DelivererOptions = {}): WebhookDeliverer {
  const { pool, client, secrets, clock, metrics, logger } = deps;
  const { sweepEveryMs = 5_000, tickEveryMs = 2_000, keepMs = 10_000 } = options;
  const { retireMs = 12_000, maxHeld = 5_000, lingerMs = 100 } = options;
  const holds = new Map<string, HeldWebhook>();
  const bySession = new Map<string, Set<HeldWebhook>>();
  /** What a stop waits for. */
  const working = new Set<Promise<unknown>>();
  let isStopping = false;
  let stopping: Promise<void> | undefined;
  let ticking: NodeJS.Timeout | undefined;
  let sweeping: NodeJS.Timeout | undefined;

  const results = createResultWriter({ pool, clock, logger, held: (id) => holds.get(id), onWritten, lingerMs });
  const wakes = new Rounds<string>(leaseNamed);
  const news = new Rounds<HeldWebhook>(readNews);
  const retries = new Rounds<HeldWebhook>(readDueRetries);

  function during(work: Promise<void>): void {
    const tracked = work.finally(() => working.delete(tracked));
    working.add(tracked);
  }

  const mayBegin = (hold: HeldWebhook): boolean => !isStopping && !hold.isLost && clock.monotonic() < hold.deadline;

  // Leases

  async function leaseNamed(webhookIds: string[]): Promise<void> {
    const wanted = webhookIds.filter((id) => !holds.has(id));
    if (wanted.length > 0) await lease({ limit: wanted.length, webhookIds: wanted });
  }

  async function lease(which: { limit: number; webhookIds?: string[] }): Promise<number> {
    if (isStopping || holds.size >= maxHeld) return 0;
    const begunAt = clock.monotonic();
    try {
      const leased = await leaseWebhooks(pool, { ...which, leasedBy: newId() });
      for (const webhook of leased) hold(webhook, begunAt);
      return leased.length;
    } catch (error) {
      logger.warn({ err: error }, 'webhooks not leased; the sweep will find them');
      return 0;
    }
  }

  function hold(leased: LeasedWebhook, begunAt: number): void {
    const { webhookId, sessionId, slug, url, metadata } = leased;
    try {
      const signer = createSigner({ sessionId, slug, metadata, ...openParts(secrets, leased, clock.now()) });
      const deadline = begunAt + WEBHOOK_LEASE_MS - WEBHOOK_LEASE_MARGIN_MS;
      const held = new HeldWebhook(leased, client.endpoint(url), signer, deadline, clock.monotonic());
      forget(holds.get(webhookId));
      holds.set(webhookId, held);
      bySession.set(sessionId, (bySession.get(sessionId) ?? new Set()).add(held));
      news.add(held);
      if (leased.nextRetryMs !== null) scheduleRetry(webhookId, leased.nextRetryMs);
    } catch (error) {
      logger.error({ err: error, webhookId, sessionId }, 'webhook cannot be delivered to');
    }
  }

  function forget(held: HeldWebhook | undefined): void {
    if (!held) return;
    held.isLost = true;
    clearTimeout(held.retryTimer);
    if (holds.get(held.webhookId) === held) holds.delete(held.webhookId);
    const others = bySession.get(held.sessionId);
    others?.delete(held);
    if (others?.size === 0) bySession.delete(held.sessionId);
  }

  /**
   * Its lease has ended: it was changed, or this process was too slow. What was delivered is written before it is read
   * anew.
   */
  function lose(held: HeldWebhook): void {
    if (held.isLost) return;
    forget(held);
    void results.flush().then(() => wakes.add(held.webhookId));
  }

  function onWritten(
    written: readonly HeldWebhook[],
    found: ReadonlyMap<string, WrittenWebhook>,
    begunAt: number,
  ): void {
    for (const held of written) {
      const its = found.get(held.webhookId);
      if (!its) {
        lose(held);
      } else if (its.isReleased) {
        const hasNews = held.isBusy;
        forget(held);
        if (hasNews) wakes.add(held.webhookId);
      } else {
        held.deadline = begunAt + WEBHOOK_LEASE_MS - WEBHOOK_LEASE_MARGIN_MS;
        held.writtenAt = begunAt;
        held.lastSeq = its.lastSeq;
        if (held.change === 'retire') held.retiredAt ??= clock.monotonic();
      }
    }
  }

  /** Renews and ends leases, and finds the events that no hint has told. */
  function tick(): void {
    const now = clock.monotonic();
    const due: HeldWebhook[] = [];
    for (const held of holds.values()) {
      if (now >= held.deadline) {
        lose(held);
        continue;
      }
      held.hear(held.lastSeq);
      if (held.wantsRead) news.add(held);
      const waitsForRetry = held.retryAt !== undefined && held.retryAt - now < RETRY_HORIZON_MS;
      if (held.isBusy || waitsForRetry) onNews(held);
      const before = held.change;
      if (held.change === 'hold' && now - held.lastNews >= keepMs) held.change = 'retire';
      else if (held.retiredAt !== undefined && now - held.retiredAt >= retireMs) held.change = 'release';
      if (held.change !== before || now - held.writtenAt >= RENEW_AFTER_MS) due.push(held);
    }
    results.renew(due);
  }

  function onNews(held: HeldWebhook): void {
    held.lastNews = clock.monotonic();
    held.change = 'hold';
    held.retiredAt = undefined;
  }

  function sweep(): void {
    during(
      lease({ limit: SWEEP_LIMIT }).then((count) => {
        if (count === SWEEP_LIMIT) sweep();
      }),
    );
  }

  // First attempts

  async function readNews(several: HeldWebhook[]): Promise<void> {
    const reading = several.filter((held) => !held.isLost && held.wantsRead);
    if (reading.length === 0 || isStopping) return;
    for (const held of reading) held.beginRead();
    try {
      const asked = reading.map(({ webhookId, leasedBy, known }) => ({ webhookId, leasedBy, after: known }));
      const found = await readUndelivered(pool, asked, READ_LIMIT);
      for (const held of reading) {
        const its = found.get(held.webhookId);
        held.endRead(its);
        if (!its) lose(held);
        else begin(held);
      }
    } catch (error) {
      for (const held of reading) held.endRead();
      logger.warn({ err: error, webhooks: reading.length }, 'events not read, trying again');
    }
  }

  function begin(held: HeldWebhook): void {
    if (!held.isDelivering) during(deliver(held));
  }

  /** Makes first attempts until there is none to make. */
  async function deliver(held: HeldWebhook): Promise<void> {
    held.isDelivering = true;
    try {
      while (mayBegin(held)) {
        if (held.wantsRead) news.add(held);
        const event = held.next();
        if (!event) return;
        onNews(held);
        if ((await attempt(held, event)) === 'end') return;
      }
    } finally {
      // In the same turn as the last look into the queue: what is put there after it begins anew.
      held.isDelivering = false;
    }
  }

  // Retries

  function scheduleRetry(webhookId: string, delayMs: number): void {
    const held = holds.get(webhookId);
    if (!held) return;
    const at = clock.monotonic() + Math.max(0, delayMs);
    if (held.retryAt !== undefined && held.retryAt <= at) return;
    held.retryAt = at;
    clearTimeout(held.retryTimer);
    const onTime = () => {
      held.retryAt = undefined;
      if (!held.isRetrying) retries.add(held);
    };
    // A millisecond late rather than early: the database decides what is due.
    held.retryTimer = setTimeout(onTime, Math.min(MAX_TIMER_MS, Math.ceil(delayMs) + 1)).unref();
  }

  async function readDueRetries(several: HeldWebhook[]): Promise<void> {
    const reading = several.filter((held) => mayBegin(held) && !held.isRetrying);
    if (reading.length === 0) return;
    try {
      const found = await readRetries(pool, reading, RETRY_LIMIT);
      for (const held of reading) {
        const its = found.get(held.webhookId);
        if (!its) {
          lose(held);
        } else if (its.due.length > 0) {
          during(retry(held, its.due));
        } else if (its.nextRetryMs !== null) {
          scheduleRetry(held.webhookId, Math.max(MIN_RETRY_MS, its.nextRetryMs));
        }
      }
    } catch (error) {
      logger.warn({ err: error, webhooks: reading.length }, 'retries not read, trying again');
      for (const { webhookId } of reading) scheduleRetry(webhookId, 1_000);
    }
  }

  async function retry(held: HeldWebhook, due: readonly DueDelivery[]): Promise<void> {
    held.isRetrying = true;
    onNews(held);
    for (const event of due) {
      if (!mayBegin(held) || (await attempt(held, event)) === 'end') break;
    }
    // What is not durable yet would be found again.
    void results.flush().then(() => {
      held.isRetrying = false;
      if (mayBegin(held)) retries.add(held);
    });
  }

  // Attempts

  /** One attempt. Its result is written later. `end`: nothing more is to be sent to the webhook. */
  async function attempt(held: HeldWebhook, event: DueDelivery): Promise<'end' | 'on'> {
    const { webhookId, sessionId } = held;
    const parts = buildWebhookRequest(event, held.signer, new Date(clock.now()));
    const begun = clock.monotonic();
    let verdict: Verdict;
    try {
      const post = () => client.post(held.endpoint, parts);
      const result = await (isTracing() ? inSpan('deliver event', spanOf(event, held), post) : post());
      verdict = judgeAttempt(result, event.attempts, { now: clock.now() });
    } catch (error) {
      if (!(error instanceof Interrupted)) logger.error({ err: error, webhookId }, 'attempt not made');
      return 'end';
    }
    const durationMs = clock.monotonic() - begun;
    metrics.deliveryDuration.observe(durationMs / 1_000);
    metrics.deliveries.inc({ outcome: verdict.status.toLowerCase() });
    const { status, responseCode } = verdict;
    const { seq } = event;
    const delayMs = verdict.status === 'RETRYING' ? verdict.delayMs : undefined;
    const error = verdict.status === 'DELIVERED' ? undefined : verdict.error;
    const written = results.add({ webhookId, sessionId, seq, status, durationMs, delayMs, responseCode, error });
    if (delayMs !== undefined) {
      const ended = clock.monotonic();
      void written.then(() => scheduleRetry(webhookId, ended + delayMs - clock.monotonic()));
    }
    if (verdict.status !== 'FAILED') return 'on';
    logger.warn({ webhookId, sessionId, seq, responseCode }, 'event not delivered');
    if (!verdict.gone) return 'on';
    forget(held);
    await results.flush();
    await disableWebhook(pool, webhookId, verdict.error).catch((failure: Error) =>
      logger.warn({ err: failure, webhookId }, 'webhook not switched off; its lease will run out'),
    );
    return 'end';
  }

  function wake(webhookId: string): void {
    const held = holds.get(webhookId);
    if (!held) {
      wakes.add(webhookId);
    } else {
      held.doubt();
      if (held.wantsRead) news.add(held);
    }
  }

  async function stop(): Promise<void> {
    isStopping = true;
    clearInterval(sweeping);
    clearInterval(ticking);
    // What the receiver has just got would come to it again.
    await Promise.race([Promise.all(working), clock.sleep(STOP_GRACE_MS)]);
    const closing = client.close();
    await Promise.all([...working, wakes.stop(), news.stop(), retries.stop(), closing]);
    for (const held of holds.values()) held.change = 'abandon';
    results.renew(holds.values());
    await results.flush();
    for (const held of holds.values()) forget(held);
  }

  return {
    start() {
      sweeping = setInterval(sweep, sweepEveryMs).unref();
      ticking = setInterval(tick, tickEveryMs).unref();
      sweep();
    },
    onHints(hints) {
      if (isStopping) return;
      for (const hint of hints) {
        for (const held of bySession.get(hint.sessionId) ?? []) {
          held.take(
            hint,
            hint.webhooks?.find(({ webhookId }) => webhookId === held.webhookId),
          );
          if (held.wantsRead) news.add(held);
          else begin(held);
        }
        for (const { webhookId, leasedBy } of hint.webhooks ?? []) {
          if (leasedBy === null && !holds.has(webhookId)) wakes.add(webhookId);
        }
      }
    },
    notify: wake,
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}
