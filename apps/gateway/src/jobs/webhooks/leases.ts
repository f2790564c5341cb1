import type { Pool } from '@wa-gate/db';
import { type Clock, type Logger, newId } from '@wa-gate/kit';
import {
  type LeasedWebhook,
  leaseWebhooks,
  WEBHOOK_LEASE_MARGIN_MS,
  WEBHOOK_LEASE_MS,
  type WrittenWebhook,
} from '@wa-gate/messaging';
import { Breaker } from './breaker.ts';
import { HeldWebhook } from './held-webhook.ts';
import type { Holds } from './holds.ts';
import { createResultWriter, type ResultWriter } from './result-writer.ts';
import type { Pauses } from './retry-schedule.ts';
import { Rounds } from './rounds.ts';
import type { Transport } from './transport.ts';

export interface LeasesDependencies {
  pool: Pool;
  transports: Readonly<Record<string, Transport>>;
  clock: Clock;
  logger: Logger;
  holds: Holds;
  pauses: Pauses;
  /** What a stop waits for. */
  during: (work: Promise<void>) => void;
  /** A webhook is held from here on. `nextRetryMs`: until its next retry is due; `null`: it has none. */
  onHeld: (held: HeldWebhook, nextRetryMs: number | null) => void;
  /** There are events that only a read can bring. */
  onUnread: (held: HeldWebhook) => void;
  /** Deliveries were asked for again. */
  onReplay: (held: HeldWebhook) => void;
}

/** All in milliseconds, but for `maxHeld`. */
export interface LeasesOptions {
  sweepEveryMs: number;
  tickEveryMs: number;
  keepMs: number;
  retireMs: number;
  maxHeld: number;
  lingerMs: number;
}

/**
 * Takes, renews and ends the leases of webhooks. A lease is written with the results, so that both belong to this
 * module. A webhook without events is let go after a while; one that takes nothing, as soon as room is short.
 */
export interface Leases {
  readonly results: ResultWriter;
  start(): void;
  /** Takes a webhook that nobody holds. */
  take(webhookId: string): void;
  /** There is traffic: it stays held. */
  keep(held: HeldWebhook): void;
  /**
   * Its lease has ended: it was changed, or this process was too slow. What was delivered is written before it is read
   * anew.
   */
  lose(held: HeldWebhook): void;
  /** Takes nothing any more. */
  close(): Promise<void>;
  /** Writes the results and lets all webhooks go. */
  release(): Promise<void>;
}

/** A lease that no result has renewed for so long is renewed at the next tick. */
const RENEW_AFTER_MS = 1_500;
const SWEEP_LIMIT = 500;
/** A webhook whose next retry is due so soon is not let go before. */
const RETRY_HORIZON_MS = 20_000;
/**
 * With more holds than this share of what may be held, those of endpoints that take nothing are let go between probes.
 */
const PARK_SHARE = 0.5;
const PARK_MIN_MS = 3_000;

export function createLeases(deps: LeasesDependencies, options: LeasesOptions): Leases {
  const { pool, transports, clock, logger, holds, pauses, during, onHeld, onUnread, onReplay } = deps;
  const { sweepEveryMs, tickEveryMs, keepMs, retireMs, maxHeld, lingerMs } = options;
  let isClosed = false;
  let ticking: NodeJS.Timeout | undefined;
  let sweeping: NodeJS.Timeout | undefined;

  const results = createResultWriter({ pool, clock, logger, held: (id) => holds.get(id), onWritten, lingerMs });
  const wakes = new Rounds<string>(leaseNamed);

  async function leaseNamed(webhookIds: string[]): Promise<void> {
    const wanted = webhookIds.filter((id) => !holds.get(id));
    if (wanted.length > 0) await lease({ limit: wanted.length, webhookIds: wanted });
  }

  async function lease(which: { limit: number; webhookIds?: string[] }): Promise<number> {
    if (isClosed || holds.size >= maxHeld) return 0;
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
    const { webhookId, endpointId, sessionId, type } = leased;
    try {
      const transport = transports[type];
      if (!transport) throw new Error(`This gateway does not know endpoints of the type ${type}.`);
      const now = clock.monotonic();
      const [other] = holds.ofEndpoint(endpointId);
      const breaker = other?.breaker ?? new Breaker({ stored: leased.breaker, now, pauses });
      const held = new HeldWebhook(leased, { channel: transport.open(leased), breaker }, deadlineOf(begunAt), now);
      holds.add(held);
      onHeld(held, leased.nextRetryMs);
    } catch (error) {
      logger.error({ err: error, webhookId, sessionId }, 'webhook cannot be delivered to');
    }
  }

  function lose(held: HeldWebhook): void {
    if (held.isLost) return;
    holds.forget(held);
    void results.flush().then(() => wakes.add(held.webhookId));
  }

  function onWritten(
    written: readonly HeldWebhook[],
    found: ReadonlyMap<string, WrittenWebhook>,
    begunAt: number,
  ): void {
    for (const held of written) {
      const its = found.get(held.webhookId);
      if (held.change === 'abandon') {
        holds.forget(held);
      } else if (!its) {
        lose(held);
      } else if (its.isReleased) {
        const hasNews = held.isBusy;
        holds.forget(held);
        if (hasNews) wakes.add(held.webhookId);
      } else {
        held.deadline = deadlineOf(begunAt);
        held.writtenAt = begunAt;
        held.lastSeq = its.lastSeq;
        if (its.replayedAt !== held.replayedAt) {
          held.replayedAt = its.replayedAt;
          onReplay(held);
        }
        if (held.change === 'retire') held.retiredAt ??= clock.monotonic();
      }
    }
  }

  /** Renews and ends leases, and finds the events that no hint has told. */
  function tick(): void {
    const now = clock.monotonic();
    const due: HeldWebhook[] = [];
    for (const held of holds.all()) {
      if (held.isLost) {
        // Let go, and PostgreSQL has not answered.
        if (now >= held.deadline) holds.forget(held);
        continue;
      }
      if (now >= held.deadline) {
        lose(held);
        continue;
      }
      if (mayPark(held, now)) {
        held.change = 'abandon';
        held.isLost = true;
        due.push(held);
        continue;
      }
      held.hear(held.lastSeq);
      if (held.wantsRead) onUnread(held);
      const waitsForRetry = held.retryAt !== undefined && held.retryAt - now < RETRY_HORIZON_MS;
      if (held.isBusy || waitsForRetry) keep(held);
      const before = held.change;
      if (held.change === 'hold' && now - held.lastNews >= keepMs) held.change = 'retire';
      else if (held.retiredAt !== undefined && now - held.retiredAt >= retireMs) held.change = 'release';
      if (held.change !== before || now - held.writtenAt >= RENEW_AFTER_MS) due.push(held);
    }
    results.renew(due);
  }

  /** What takes nothing is taken again for its next probe: it must not keep others from being held. */
  function mayPark(held: HeldWebhook, now: number): boolean {
    if (held.breaker.state !== 'down' || holds.size <= maxHeld * PARK_SHARE) return false;
    return !held.isDelivering && !held.isRetrying && !held.isReading && held.breaker.probeAt - now > PARK_MIN_MS;
  }

  function keep(held: HeldWebhook): void {
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

  return {
    results,
    start() {
      sweeping = setInterval(sweep, sweepEveryMs).unref();
      ticking = setInterval(tick, tickEveryMs).unref();
      sweep();
    },
    take: (webhookId) => wakes.add(webhookId),
    keep,
    lose,
    close() {
      isClosed = true;
      clearInterval(sweeping);
      clearInterval(ticking);
      return wakes.stop();
    },
    async release() {
      for (const held of holds.all()) held.change = 'abandon';
      results.renew(holds.all());
      await results.flush();
      for (const held of holds.all()) holds.forget(held);
    },
  };
}

/** Monotonic time until which an attempt may begin under a lease that was asked for at `begunAt`. */
function deadlineOf(begunAt: number): number {
  return begunAt + WEBHOOK_LEASE_MS - WEBHOOK_LEASE_MARGIN_MS;
}
