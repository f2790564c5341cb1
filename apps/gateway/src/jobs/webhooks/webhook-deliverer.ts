import type { Pool } from '@wa-gate/db';
import { type Clock, type Logger, newId } from '@wa-gate/kit';
import {
  type DueDelivery,
  disableWebhook,
  giveUpOverdue,
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
import type { AttemptOutcome, Failed } from './attempt-outcome.ts';
import { Breaker, type BreakerState } from './breaker.ts';
import { HeldWebhook } from './held-webhook.ts';
import { createResultWriter, type NewResult } from './result-writer.ts';
import { PATIENCE_MS, PAUSES, type Pauses } from './retry-schedule.ts';
import { Rounds } from './rounds.ts';
import { Interrupted, type Transport } from './transport.ts';

export interface DelivererDependencies {
  pool: Pool;
  /** By the type of the endpoint. Closed by {@link WebhookDeliverer.stop}. */
  transports: Readonly<Record<string, Transport>>;
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
  /** How often it looks whether an endpoint without a connection has one again. @default 2 000 */
  knockEveryMs?: number;
  /** @default those of docs/webhooks.md */
  pauses?: Pauses;
}

/**
 * Delivers the events of the webhooks that this process holds. A hint brings the event itself; what hints have not
 * brought is read, for all webhooks in one statement. First attempts of a webhook are made one after the other in
 * `seq` order. An endpoint that takes nothing is one fact ({@link Breaker}): its events wait in line, and the first
 * one is tried now and then until it is taken. What an endpoint refuses while it takes others has a schedule of its
 * own beside the line. Results of all webhooks are written many at a time, and nobody waits for them.
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
/** A session whose endpoint another one is probing looks again so soon. */
const MIN_PROBE_WAIT_MS = 200;
/** Endpoints that are knocked at together, at most. */
const MAX_KNOCKS = 100;
/**
 * With more holds than this share of what may be held, those of endpoints that take nothing are let go between probes.
 */
const PARK_SHARE = 0.5;
const PARK_MIN_MS = 3_000;
/** Overdue events that one statement gives up. */
const GIVE_UP_LIMIT = 1_000;

export function createWebhookDeliverer(deps: DelivererDependencies, options: DelivererOptions = {}): WebhookDeliverer {
  const { pool, transports, clock, metrics, logger } = deps;
  const { sweepEveryMs = 5_000, tickEveryMs = 2_000, keepMs = 10_000 } = options;
  const { retireMs = 12_000, maxHeld = 5_000, lingerMs = 100, knockEveryMs = 2_000, pauses = PAUSES } = options;
  const holds = new Map<string, HeldWebhook>();
  const bySession = new Map<string, Set<HeldWebhook>>();
  const byEndpoint = new Map<string, Set<HeldWebhook>>();
  /** What a stop waits for. */
  const working = new Set<Promise<unknown>>();
  let isStopping = false;
  let stopping: Promise<void> | undefined;
  let ticking: NodeJS.Timeout | undefined;
  let sweeping: NodeJS.Timeout | undefined;
  let knocking: NodeJS.Timeout | undefined;
  /** The endpoint that was knocked at last. */
  let lastKnock: string | undefined;

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
    const { webhookId, endpointId, sessionId, type } = leased;
    try {
      const transport = transports[type];
      if (!transport) throw new Error(`This gateway does not know endpoints of the type ${type}.`);
      const now = clock.monotonic();
      const [other] = byEndpoint.get(endpointId) ?? [];
      const breaker = other?.breaker ?? new Breaker({ stored: leased.breaker, now, pauses });
      const deadline = begunAt + WEBHOOK_LEASE_MS - WEBHOOK_LEASE_MARGIN_MS;
      const held = new HeldWebhook(leased, { channel: transport.open(leased), breaker }, deadline, now);
      forget(holds.get(webhookId));
      holds.set(webhookId, held);
      bySession.set(sessionId, (bySession.get(sessionId) ?? new Set()).add(held));
      byEndpoint.set(endpointId, (byEndpoint.get(endpointId) ?? new Set()).add(held));
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
    clearTimeout(held.probeTimer);
    held.channel.close?.();
    if (holds.get(held.webhookId) === held) holds.delete(held.webhookId);
    remove(bySession, held.sessionId, held);
    remove(byEndpoint, held.endpointId, held);
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
      if (held.change === 'abandon') {
        forget(held);
      } else if (!its) {
        lose(held);
      } else if (its.isReleased) {
        const hasNews = held.isBusy;
        forget(held);
        if (hasNews) wakes.add(held.webhookId);
      } else {
        held.deadline = begunAt + WEBHOOK_LEASE_MS - WEBHOOK_LEASE_MARGIN_MS;
        held.writtenAt = begunAt;
        held.lastSeq = its.lastSeq;
        if (its.replayedAt !== held.replayedAt) onReplay(held, its.replayedAt);
        if (held.change === 'retire') held.retiredAt ??= clock.monotonic();
      }
    }
  }

  /** Renews and ends leases, and finds the events that no hint has told. */
  function tick(): void {
    const now = clock.monotonic();
    const due: HeldWebhook[] = [];
    for (const held of holds.values()) {
      if (held.isLost) {
        // Let go, and PostgreSQL has not answered.
        if (now >= held.deadline) forget(held);
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

  /** What takes nothing is taken again for its next probe: it must not keep others from being held. */
  function mayPark(held: HeldWebhook, now: number): boolean {
    if (held.breaker.state !== 'down' || holds.size <= maxHeld * PARK_SHARE) return false;
    return !held.isDelivering && !held.isRetrying && !held.isReading && held.breaker.probeAt - now > PARK_MIN_MS;
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

  /** Sends what is in line until there is nothing to send now. */
  async function deliver(held: HeldWebhook): Promise<void> {
    held.isDelivering = true;
    try {
      while (mayBegin(held)) {
        if (held.wantsRead) news.add(held);
        for (let event = held.takeHeldUp(); event; event = held.takeHeldUp()) putBehindItsChat(held, event);
        const turn = nextTurn(held);
        if (!turn) return;
        onNews(held);
        if ((await take(held, turn)) === 'end') return;
      }
    } finally {
      // In the same turn as the last look into the queue: what is put there after it begins anew.
      held.isDelivering = false;
    }
  }

  /** Which events go now; `undefined`: none. */
  function nextTurn(held: HeldWebhook): Turn | undefined {
    const { breaker, head } = held;
    if (!head) return undefined;
    if (breaker.state === 'up') return { events: held.next(), isProbe: false };
    const isDoubted = held.doubted?.event === head;
    if (breaker.state === 'doubtful' && !isDoubted) return { events: [head], isProbe: false };
    if (isDoubted && (breaker.state === 'doubtful' || breaker.takesSecondOpinion())) {
      const other = held.secondOpinion();
      if (other) return { events: [other], isProbe: false };
    }
    if (breaker.admitsProbe(clock.monotonic())) return { events: [head], isProbe: true };
    scheduleProbe(held);
    return undefined;
  }

  async function take(held: HeldWebhook, { events, isProbe }: Turn): Promise<'end' | 'on'> {
    const made = await attempt(held, events, isProbe);
    if (!made) return 'end';
    for (const [n, event] of events.entries()) {
      const outcome = made.outcomes[n]!;
      const isFirst = held.head === event;
      event.attempts += 1;
      const before = held.breaker.state;
      if (outcome.kind === 'delivered') {
        const { doubted } = held;
        held.leave(event);
        void note(held, event, { status: 'DELIVERED', ...made, outcome });
        if (!held.breaker.succeed(made.begun)) continue;
        if (doubted && doubted.event !== event)
          refuse(held, doubted.event, { ...made, outcome: doubted.failure }, false);
        onRecovery(held, before);
      } else if (outcome.scope === 'gone') {
        await switchOff(held, event, { ...made, outcome });
        return 'end';
      } else if (held.breaker.fail(outcome, made.ended, isProbe) === 'on its own') {
        const { doubted } = held;
        refuse(held, event, { ...made, outcome }, true);
        if (before === 'up' || held.breaker.state !== 'up') continue;
        if (doubted && doubted.event !== event)
          refuse(held, doubted.event, { ...made, outcome: doubted.failure }, false);
        onRecovery(held, before);
      } else {
        if (isFirst) held.doubted = outcome.isUnreachable ? undefined : { event, failure: outcome };
        const delayMs = Math.max(0, held.breaker.probeAt - made.ended);
        void note(held, event, { status: 'PENDING', ...made, outcome, delayMs });
      }
    }
    if (held.breaker.isHopeless(made.ended)) await giveUp(held);
    return 'on';
  }

  /** What the endpoint itself refuses, while it takes others, is tried again beside the line. */
  function refuse(
    held: HeldWebhook,
    event: DueDelivery,
    failed: MadeAttempt & { outcome: Failed },
    isAttempt: boolean,
  ) {
    event.refusals += 1;
    const delayMs = pauses.retry(event.refusals, failed.outcome.retryAfterMs);
    if (delayMs === undefined) {
      held.leave(event);
      if (!event.isReplay) held.endWait(event);
      const { webhookId, sessionId } = held;
      logger.warn({ webhookId, sessionId, seq: event.seq, statusCode: failed.outcome.statusCode }, 'event given up');
      void note(held, event, { status: 'FAILED', ...failed, isAttempt });
    } else {
      if (!event.isReplay) held.waitOnItsOwn(event);
      const written = note(held, event, { status: 'RETRYING', ...failed, isAttempt, delayMs });
      void written.then(() => scheduleRetry(held.webhookId, failed.ended + delayMs - clock.monotonic()));
    }
  }

  /** An earlier event of its chat waits on its own: it is sent after that one, from its row. */
  function putBehindItsChat(held: HeldWebhook, event: DueDelivery): void {
    const now = clock.monotonic();
    const made = { begun: now, ended: now };
    const written = note(held, event, { status: 'RETRYING', ...made, isAttempt: false, delayMs: 0 });
    void written.then(() => scheduleRetry(held.webhookId, 0));
  }

  /** Adds to what is written with the next results. Resolves when it is durable. */
  function note(held: HeldWebhook, event: DueDelivery, { status, outcome, ...facts }: NotedAttempt): Promise<void> {
    const { webhookId, sessionId } = held;
    const { isAttempt = true, begun, ended, delayMs } = facts;
    if (isAttempt) {
      metrics.deliveryDuration.observe((ended - begun) / 1_000);
      metrics.deliveries.inc({ outcome: status === 'PENDING' ? 'retrying' : LABELS[status] });
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

  /** The endpoint takes events again: all that wait for it, of all sessions, go out. */
  function onRecovery(held: HeldWebhook, before: BreakerState): void {
    for (const its of byEndpoint.get(held.endpointId) ?? []) {
      const { doubted } = its;
      const now = clock.monotonic();
      its.doubted = undefined;
      // An event of another session was taken while this one was not.
      if (before === 'doubtful' && doubted)
        refuse(its, doubted.event, { begun: now, ended: now, outcome: doubted.failure }, false);
      turn(its);
    }
  }

  function turn(held: HeldWebhook): void {
    clearTimeout(held.probeTimer);
    held.probeTimer = undefined;
    if (!mayBegin(held)) return;
    begin(held);
    retries.add(held);
  }

  function scheduleProbe(held: HeldWebhook): void {
    const delayMs = held.breaker.probeAt - clock.monotonic();
    clearTimeout(held.probeTimer);
    const wait = delayMs > 0 ? Math.ceil(delayMs) + 1 : MIN_PROBE_WAIT_MS;
    held.probeTimer = setTimeout(turn, Math.min(MAX_TIMER_MS, wait), held).unref();
  }

  /** Looks whether endpoints that had no connection have one again, long before their next probes. */
  function knock(): void {
    const names = [...byEndpoint.keys()];
    const from = lastKnock === undefined ? 0 : names.indexOf(lastKnock) + 1;
    const now = clock.monotonic();
    let count = 0;
    for (const name of [...names.slice(from), ...names.slice(0, from)]) {
      const [held] = byEndpoint.get(name) ?? [];
      if (!held?.channel.knock || !held.breaker.wantsKnock || held.breaker.probeAt - now < knockEveryMs) continue;
      if (count === MAX_KNOCKS) break;
      count += 1;
      lastKnock = name;
      const { breaker } = held;
      const answered = held.channel.knock().then((isThere) => {
        if (!isThere || !breaker.wantsKnock) return;
        breaker.onKnockHeard(clock.monotonic());
        for (const its of byEndpoint.get(name) ?? []) turn(its);
      });
      during(answered);
    }
  }

  /** Deliveries were asked for again. */
  function onReplay(held: HeldWebhook, replayedAt: number | null): void {
    held.replayedAt = replayedAt;
    held.breaker.probeNow(clock.monotonic());
    turn(held);
  }

  /** The endpoint has taken nothing for so long that the oldest events are given up. */
  async function giveUp(held: HeldWebhook): Promise<void> {
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
    const reading = several.filter((held) => mayBegin(held) && !held.isRetrying && mayRetry(held));
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

  /** While the endpoint takes nothing a retry is made only as a probe, where nothing is in line. */
  function mayRetry(held: HeldWebhook): boolean {
    const { breaker } = held;
    if (breaker.state !== 'down') return true;
    if (held.head) return false;
    if (clock.monotonic() >= breaker.probeAt) return true;
    scheduleProbe(held);
    return false;
  }

  async function retry(held: HeldWebhook, due: readonly DueDelivery[]): Promise<void> {
    held.isRetrying = true;
    onNews(held);
    for (const event of due) {
      if (!mayBegin(held)) break;
      const isProbe = held.breaker.state === 'down';
      if (isProbe && !held.breaker.admitsProbe(clock.monotonic())) {
        scheduleProbe(held);
        break;
      }
      if ((await retryOne(held, event, isProbe)) === 'end') break;
    }
    // What is not durable yet would be found again.
    void results.flush().then(() => {
      held.isRetrying = false;
      if (mayBegin(held)) retries.add(held);
    });
  }

  async function retryOne(held: HeldWebhook, event: DueDelivery, isProbe: boolean): Promise<'end' | 'on'> {
    const made = await attempt(held, [event], isProbe);
    if (!made) return 'end';
    const outcome = made.outcomes[0]!;
    const { breaker } = held;
    const before = breaker.state;
    if (outcome.kind === 'delivered') {
      if (!event.isReplay) held.endWait(event);
      void note(held, event, { status: 'DELIVERED', ...made, outcome });
      if (breaker.succeed(made.begun)) onRecovery(held, before);
      return 'on';
    }
    if (outcome.scope === 'gone') {
      await switchOff(held, event, { ...made, outcome });
      return 'end';
    }
    // What is refused for the second time says nothing about the endpoint.
    const isOnItsOwn = !isProbe && outcome.scope !== 'endpoint';
    if (isOnItsOwn || breaker.fail(outcome, made.ended, isProbe) === 'on its own') {
      refuse(held, event, { ...made, outcome }, true);
      if (before !== 'up' && breaker.state === 'up') onRecovery(held, before);
      return 'on';
    }
    const delayMs = Math.max(0, breaker.probeAt - made.ended);
    void note(held, event, { status: 'RETRYING', ...made, outcome, delayMs });
    scheduleProbe(held);
    if (breaker.isHopeless(made.ended)) await giveUp(held);
    return 'end';
  }

  // Attempts

  /** One attempt. `undefined`: this process stops. */
  async function attempt(
    held: HeldWebhook,
    events: readonly DueDelivery[],
    isProbe: boolean,
  ): Promise<(MadeAttempt & { outcomes: AttemptOutcome[] }) | undefined> {
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
  }

  /** The endpoint wants no events any more. */
  async function switchOff(
    held: HeldWebhook,
    event: DueDelivery,
    failed: MadeAttempt & { outcome: Failed },
  ): Promise<void> {
    const { webhookId, endpointId, sessionId } = held;
    logger.warn({ webhookId, sessionId, seq: event.seq, reason: failed.outcome.error }, 'webhook is gone');
    void note(held, event, { status: 'FAILED', ...failed });
    for (const its of byEndpoint.get(endpointId) ?? []) forget(its);
    await results.flush();
    await disableWebhook(pool, webhookId, failed.outcome.error).catch((failure: Error) =>
      logger.warn({ err: failure, webhookId }, 'webhook not switched off; its lease will run out'),
    );
  }

  function wake(webhookId: string): void {
    const held = holds.get(webhookId);
    if (!held) {
      wakes.add(webhookId);
    } else {
      held.doubt();
      if (held.wantsRead) news.add(held);
      retries.add(held);
    }
  }

  async function stop(): Promise<void> {
    isStopping = true;
    clearInterval(sweeping);
    clearInterval(ticking);
    clearInterval(knocking);
    // What the receiver has just got would come to it again.
    await Promise.race([Promise.all(working), clock.sleep(STOP_GRACE_MS)]);
    const closing = Promise.all(Object.values(transports).map((transport) => transport.close()));
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
      knocking = setInterval(knock, knockEveryMs).unref();
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
          const held = holds.get(webhookId);
          if (leasedBy === null && !held) wakes.add(webhookId);
          // Nothing has happened in the session: deliveries were asked for again.
          else if (held && hint.seq === 0) retries.add(held);
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

/** What goes in one attempt. */
interface Turn {
  events: readonly DueDelivery[];
  /** It tells whether an endpoint that takes nothing is back. */
  isProbe: boolean;
}

/** Monotonic times of an attempt. */
interface MadeAttempt {
  begun: number;
  ended: number;
}

interface NotedAttempt extends MadeAttempt {
  status: NewResult['status'];
  /** Absent: it was not sent. */
  outcome?: AttemptOutcome | undefined;
  isAttempt?: boolean;
  delayMs?: number | undefined;
}

/** Values of the label `outcome`. */
const LABELS = { DELIVERED: 'delivered', RETRYING: 'retrying', FAILED: 'failed' } as const;

function remove(sets: Map<string, Set<HeldWebhook>>, name: string, held: HeldWebhook): void {
  const its = sets.get(name);
  its?.delete(held);
  if (its?.size === 0) sets.delete(name);
}
