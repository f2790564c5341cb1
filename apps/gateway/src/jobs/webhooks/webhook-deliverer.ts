import type { Pool } from '@wa-gate/db';
import type { Clock, Logger } from '@wa-gate/kit';
import { type DueDelivery, readRetries, readUndelivered, type SessionHint } from '@wa-gate/messaging';
import type { JobsMetrics } from '../../metrics/index.ts';
import { createAttempts, type FailedAttempt } from './attempts.ts';
import type { BreakerState } from './breaker.ts';
import type { HeldWebhook } from './held-webhook.ts';
import { Holds } from './holds.ts';
import { createKnocks } from './knocks.ts';
import { createLeases } from './leases.ts';
import { PAUSES, type Pauses } from './retry-schedule.ts';
import { Rounds } from './rounds.ts';
import type { Transport } from './transport.ts';

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
 * `seq` order. An endpoint that takes nothing is one fact (`breaker.ts`): its events wait in line, and the first
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

const READ_LIMIT = 64;
const RETRY_LIMIT = 20;
const MIN_RETRY_MS = 50;
/** How long a stop lets attempts in flight end by themselves. */
const STOP_GRACE_MS = 250;
/** The longest timer there is. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** A session whose endpoint another one is probing looks again so soon. */
const MIN_PROBE_WAIT_MS = 200;

export function createWebhookDeliverer(deps: DelivererDependencies, options: DelivererOptions = {}): WebhookDeliverer {
  const { pool, transports, clock, metrics, logger } = deps;
  const { sweepEveryMs = 5_000, tickEveryMs = 2_000, keepMs = 10_000 } = options;
  const { retireMs = 12_000, maxHeld = 5_000, lingerMs = 100, knockEveryMs = 2_000, pauses = PAUSES } = options;
  const holds = new Holds();
  /** What a stop waits for. */
  const working = new Set<Promise<unknown>>();
  let isStopping = false;
  let stopping: Promise<void> | undefined;

  const leases = createLeases(
    { pool, transports, clock, logger, holds, pauses, during, onHeld, onUnread: (held) => news.add(held), onReplay },
    { sweepEveryMs, tickEveryMs, keepMs, retireMs, maxHeld, lingerMs },
  );
  const { results } = leases;
  const attempts = createAttempts({ pool, clock, logger, metrics, holds, results });
  const knocks = createKnocks({ clock, holds, everyMs: knockEveryMs, during, onHeard: turn });
  const news = new Rounds<HeldWebhook>(readNews);
  const retries = new Rounds<HeldWebhook>(readDueRetries);

  function during(work: Promise<void>): void {
    const tracked = work.finally(() => working.delete(tracked));
    working.add(tracked);
  }

  const mayBegin = (hold: HeldWebhook): boolean => !isStopping && !hold.isLost && clock.monotonic() < hold.deadline;

  function onHeld(held: HeldWebhook, nextRetryMs: number | null): void {
    news.add(held);
    if (nextRetryMs !== null) scheduleRetry(held.webhookId, nextRetryMs);
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
        if (!its) leases.lose(held);
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
        leases.keep(held);
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
    const made = await attempts.make(held, events, isProbe);
    if (!made) return 'end';
    for (const [n, event] of events.entries()) {
      const outcome = made.outcomes[n]!;
      const isFirst = held.head === event;
      event.attempts += 1;
      const before = held.breaker.state;
      if (outcome.kind === 'delivered') {
        const { doubted } = held;
        held.leave(event);
        void attempts.note(held, event, { status: 'DELIVERED', ...made, outcome });
        if (!held.breaker.succeed(made.begun)) continue;
        if (doubted && doubted.event !== event)
          refuse(held, doubted.event, { ...made, outcome: doubted.failure }, false);
        onRecovery(held, before);
      } else if (outcome.scope === 'gone') {
        await attempts.switchOff(held, event, { ...made, outcome });
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
        void attempts.note(held, event, { status: 'PENDING', ...made, outcome, delayMs });
      }
    }
    if (held.breaker.isHopeless(made.ended)) await attempts.giveUp(held);
    return 'on';
  }

  /** What the endpoint itself refuses, while it takes others, is tried again beside the line. */
  function refuse(held: HeldWebhook, event: DueDelivery, failed: FailedAttempt, isAttempt: boolean) {
    event.refusals += 1;
    const delayMs = pauses.retry(event.refusals, failed.outcome.retryAfterMs);
    if (delayMs === undefined) {
      held.leave(event);
      if (!event.isReplay) held.endWait(event);
      const { webhookId, sessionId } = held;
      logger.warn({ webhookId, sessionId, seq: event.seq, statusCode: failed.outcome.statusCode }, 'event given up');
      void attempts.note(held, event, { status: 'FAILED', ...failed, isAttempt });
    } else {
      if (!event.isReplay) held.waitOnItsOwn(event);
      const written = attempts.note(held, event, { status: 'RETRYING', ...failed, isAttempt, delayMs });
      void written.then(() => scheduleRetry(held.webhookId, failed.ended + delayMs - clock.monotonic()));
    }
  }

  /** An earlier event of its chat waits on its own: it is sent after that one, from its row. */
  function putBehindItsChat(held: HeldWebhook, event: DueDelivery): void {
    const now = clock.monotonic();
    const made = { begun: now, ended: now };
    const written = attempts.note(held, event, { status: 'RETRYING', ...made, isAttempt: false, delayMs: 0 });
    void written.then(() => scheduleRetry(held.webhookId, 0));
  }

  /** The endpoint takes events again: all that wait for it, of all sessions, go out. */
  function onRecovery(held: HeldWebhook, before: BreakerState): void {
    for (const its of holds.ofEndpoint(held.endpointId)) {
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

  /** Deliveries were asked for again. */
  function onReplay(held: HeldWebhook): void {
    held.breaker.probeNow(clock.monotonic());
    turn(held);
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
          leases.lose(held);
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
    leases.keep(held);
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
    const made = await attempts.make(held, [event], isProbe);
    if (!made) return 'end';
    const outcome = made.outcomes[0]!;
    const { breaker } = held;
    const before = breaker.state;
    if (outcome.kind === 'delivered') {
      if (!event.isReplay) held.endWait(event);
      void attempts.note(held, event, { status: 'DELIVERED', ...made, outcome });
      if (breaker.succeed(made.begun)) onRecovery(held, before);
      return 'on';
    }
    if (outcome.scope === 'gone') {
      await attempts.switchOff(held, event, { ...made, outcome });
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
    void attempts.note(held, event, { status: 'RETRYING', ...made, outcome, delayMs });
    scheduleProbe(held);
    if (breaker.isHopeless(made.ended)) await attempts.giveUp(held);
    return 'end';
  }

  function wake(webhookId: string): void {
    const held = holds.get(webhookId);
    if (!held) {
      leases.take(webhookId);
    } else {
      held.doubt();
      if (held.wantsRead) news.add(held);
      retries.add(held);
    }
  }

  async function stop(): Promise<void> {
    isStopping = true;
    const closed = leases.close();
    knocks.stop();
    // What the receiver has just got would come to it again.
    await Promise.race([Promise.all(working), clock.sleep(STOP_GRACE_MS)]);
    const closing = Promise.all(Object.values(transports).map((transport) => transport.close()));
    await Promise.all([...working, closed, news.stop(), retries.stop(), closing]);
    await leases.release();
  }

  return {
    start() {
      leases.start();
      knocks.start();
    },
    onHints(hints) {
      if (isStopping) return;
      for (const hint of hints) {
        for (const held of holds.ofSession(hint.sessionId)) {
          held.take(
            hint,
            hint.webhooks?.find(({ webhookId }) => webhookId === held.webhookId),
          );
          if (held.wantsRead) news.add(held);
          else begin(held);
        }
        for (const { webhookId, leasedBy } of hint.webhooks ?? []) {
          const held = holds.get(webhookId);
          if (leasedBy === null && !held) leases.take(webhookId);
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
