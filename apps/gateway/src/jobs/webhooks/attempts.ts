import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import { type DueDelivery, disableWebhook, giveUpOverdue } from '@wa-gate/messaging';
import type { JobsMetrics } from '../../metrics/index.ts';
import type { AttemptOutcome, Failed } from './attempt-outcome.ts';
import type { HeldWebhook } from './held-webhook.ts';
import type { Holds } from './holds.ts';
import type { NewResult, ResultWriter } from './result-writer.ts';
import { PATIENCE_MS } from './retry-schedule.ts';
import { Interrupted } from './transport.ts';

export interface AttemptsDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  metrics: Pick<JobsMetrics, 'deliveries' | 'deliveryDuration'>;
  holds: Holds;
  results: ResultWriter;
}

/** Monotonic times of an attempt. */
export interface AttemptTimes {
  begun: number;
  ended: number;
}

/** An attempt that has failed. */
export interface FailedAttempt extends AttemptTimes {
  outcome: Failed;
}

export interface NotedAttempt extends AttemptTimes {
  status: NewResult['status'];
  /** Absent: it was not sent. */
  outcome?: AttemptOutcome | undefined;
  isAttempt?: boolean;
  delayMs?: number | undefined;
}

/** Makes attempts and notes what came of them. Which event goes when is the deliverer's. */
export interface Attempts {
  /** One attempt with an outcome for each event. `undefined`: this process stops. */
  make(
    held: HeldWebhook,
    events: readonly DueDelivery[],
    isProbe: boolean,
  ): Promise<(AttemptTimes & { outcomes: AttemptOutcome[] }) | undefined>;
  /** Adds to what is written with the next results. Resolves when it is durable. */
  note(held: HeldWebhook, event: DueDelivery, noted: NotedAttempt): Promise<void>;
  /** The endpoint wants no events any more. */
  switchOff(held: HeldWebhook, event: DueDelivery, failed: FailedAttempt): Promise<void>;
  /** The endpoint has taken nothing for so long that the oldest events are given up. */
  giveUp(held: HeldWebhook): Promise<void>;
}

/** Values of the label `outcome`. */
const LABELS = { DELIVERED: 'delivered', PENDING: 'retrying', RETRYING: 'retrying', FAILED: 'failed' } as const;
/** Overdue events that one statement gives up. */
const GIVE_UP_LIMIT = 1_000;

export function createAttempts({ pool, clock, logger, metrics, holds, results }: AttemptsDependencies): Attempts {
  function note(held: HeldWebhook, event: DueDelivery, { status, outcome, ...facts }: NotedAttempt): Promise<void> {
    const { webhookId, sessionId } = held;
    const { isAttempt = true, begun, ended, delayMs } = facts;
    if (isAttempt) {
      metrics.deliveryDuration.observe((ended - begun) / 1_000);
      metrics.deliveries.inc({ outcome: LABELS[status] });
    }
    const failure = outcome?.kind === 'failed' ? outcome : undefined;
    return results.add({
      webhookId,
      sessionId,
      seq: event.seq,
      status,
      isAttempt,
      refusals: event.refusals,
      durationMs: isAttempt ? ended - begun : undefined,
      delayMs,
      responseCode: outcome?.statusCode,
      error: failure?.error,
      answer: failure?.answer,
      chat: status === 'RETRYING' && !event.isReplay ? held.chatOf(event) : undefined,
    });
  }

  return {
    note,
    async make(held, events, isProbe) {
      const begun = clock.monotonic();
      try {
        const outcomes = await held.channel.send(events);
        return { begun, ended: clock.monotonic(), outcomes };
      } catch (error) {
        if (error instanceof Interrupted) {
          if (isProbe) held.breaker.yield();
          return undefined;
        }
        logger.error({ err: error, webhookId: held.webhookId }, 'attempt not made');
        const outcome: Failed = { kind: 'failed', scope: 'unclear', error: 'The attempt could not be made.' };
        return { begun, ended: clock.monotonic(), outcomes: events.map(() => outcome) };
      }
    },
    async switchOff(held, event, failed) {
      const { webhookId, endpointId, sessionId } = held;
      logger.warn({ webhookId, sessionId, seq: event.seq, reason: failed.outcome.error }, 'webhook is gone');
      void note(held, event, { status: 'FAILED', ...failed });
      for (const its of holds.ofEndpoint(endpointId)) holds.forget(its);
      await results.flush();
      await disableWebhook(pool, webhookId, failed.outcome.error).catch((failure: Error) =>
        logger.warn({ err: failure, webhookId }, 'webhook not switched off; its lease will run out'),
      );
    },
    async giveUp(held) {
      const { webhookId, leasedBy, sessionId } = held;
      const reason = `Given up: the endpoint has taken nothing for ${PATIENCE_MS / 3_600_000} hours.`;
      try {
        // What it has taken before must not be given up with the rest.
        await results.flush();
        const overdue = { webhookId, leasedBy, olderThanMs: PATIENCE_MS, reason, limit: GIVE_UP_LIMIT };
        const { inLine, onTheirOwn } = await giveUpOverdue(pool, overdue);
        if (inLine + onTheirOwn === 0) return;
        logger.warn({ webhookId, sessionId, events: inLine + onTheirOwn }, 'events given up');
        metrics.deliveries.inc({ outcome: 'failed' }, inLine + onTheirOwn);
        if (inLine > 0) held.rewind();
      } catch (error) {
        logger.warn({ err: error, webhookId }, 'overdue events not given up; the next probe tries again');
      }
    },
  };
}
