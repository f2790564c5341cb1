import type { MessageState } from '@wa-gate/db';
import { type Logger, redisKeys } from '@wa-gate/kit';
import type { SessionHint } from '@wa-gate/messaging';
import { LRUCache } from 'lru-cache';
import type { ControlStreams } from '../../worker-links/control-streams.ts';
import type { Doorbells } from '../../worker-links/doorbells.ts';
import type { Subscriptions } from '../../worker-links/subscriptions.ts';

/** States that end a wait for `goal`: the goal or anything further, or a failure. */
const REACHED: Record<'sent' | 'delivered', ReadonlySet<MessageState>> = {
  sent: new Set<MessageState>(['SENT', 'DELIVERED', 'READ', 'PLAYED', 'FAILED', 'UNKNOWN']),
  delivered: new Set<MessageState>(['DELIVERED', 'READ', 'PLAYED', 'FAILED', 'UNKNOWN']),
};

export type WaitGoal = keyof typeof REACHED;

export const isReached = (goal: WaitGoal, state: MessageState): boolean => REACHED[goal].has(state);

/** One message that somebody waits for. */
export interface Expectation {
  /**
   * The state that ended the wait; `null` at the time-out, when the caller reads what is true now.
   *
   * @param read the state in the database, for when no hints come
   */
  outcome(read: () => Promise<MessageState | null>): Promise<MessageState | null>;
  /** Ends it without an outcome: the message was not accepted. */
  cancel(): void;
}

/**
 * Learns of outcomes by the hints that owners give after their commits: over the control stream of the owner, or over Redis when there is none. Hints may be
 * lost, so the row is read as well: seldom while hints come, often while none can.
 */
export interface OutcomeWaiter {
  /** Call before the message is accepted, so that no hint can be too early. */
  expect(sessionId: string, messageId: string, goal: WaitGoal, timeoutMs: number): Promise<Expectation>;
  /** Ends all waits as at their time-out: the process wants to stop. */
  endAll(): void;
}

export interface OutcomeWaiterDependencies {
  doorbells: Pick<Doorbells, 'outcomesComeFrom'>;
  streams: Pick<ControlStreams, 'onHints' | 'onLost'>;
  subscriptions: Subscriptions;
  logger: Logger;
}

/** How often the row of a message is read, by where its hints come from. Over Redis some are missing: a worker publishes there only while no gateway has a stream to it. */
const READ_EVERY_MS = { stream: 1_000, redis: 250, nowhere: 100 } as const;
/** A Redis that is connected and silent must not hold up a send. */
const SUBSCRIBE_TIMEOUT_MS = 50;
/** Channels stay subscribed this long after their last wait: a caller that sends again pays nothing for it. */
const KEEP_MS = 60_000;
const PURGE_EVERY_MS = 30_000;
const MAX_CHANNELS = 10_000;

/** Somebody who waits; several may wait for one message. */
class Wait {
  readonly goal: WaitGoal;
  /** The worker whose stream tells, when one does. */
  readonly workerId: string | undefined;
  source: keyof typeof READ_EVERY_MS;
  state: MessageState | null = null;
  isEnded = false;
  #wake: () => void = () => undefined;

  constructor(goal: WaitGoal, source: keyof typeof READ_EVERY_MS, workerId: string | undefined) {
    this.goal = goal;
    this.source = source;
    this.workerId = workerId;
  }

  /** What was to be told here is not told any more: the row is read at once, and often. */
  lose(): void {
    this.source = 'nowhere';
    this.#wake();
  }

  settle(state: MessageState): void {
    this.state = state;
    this.#wake();
  }

  end(): void {
    this.isEnded = true;
    this.#wake();
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

export function createOutcomeWaiter(deps: OutcomeWaiterDependencies): OutcomeWaiter {
  const { doorbells, streams, subscriptions, logger } = deps;
  const waiting = new Map<string, Set<Wait>>();
  const channels = new LRUCache<string, Promise<boolean>>({
    max: MAX_CHANNELS,
    ttl: KEEP_MS,
    updateAgeOnGet: true,
    dispose: (_ready, channel) => subscriptions.unsubscribe(channel),
    noDisposeOnSet: true,
  });
  setInterval(() => channels.purgeStale(), PURGE_EVERY_MS).unref();

  const allWaits = (): Wait[] => [...waiting.values()].flatMap((waits) => [...waits]);

  streams.onHints((hints) => {
    for (const hint of hints) onHint(hint);
  });
  streams.onLost((workerId) => {
    for (const wait of allWaits()) if (wait.workerId === workerId) wait.lose();
  });
  subscriptions.onLost(() => {
    channels.clear();
    for (const wait of allWaits()) if (wait.source === 'redis') wait.lose();
  });

  function onHint({ messages }: SessionHint): void {
    for (const { messageId, state } of messages) {
      for (const wait of waiting.get(messageId) ?? []) if (isReached(wait.goal, state)) wait.settle(state);
    }
  }

  function onMessage(text: string): void {
    try {
      onHint(JSON.parse(text) as SessionHint);
    } catch (error) {
      logger.warn({ err: error }, 'a hint cannot be read');
    }
  }

  async function subscribed(sessionId: string): Promise<boolean> {
    const channel = redisKeys.events(sessionId);
    let ready = channels.get(channel);
    if (!ready) {
      ready = subscriptions.subscribe(channel, onMessage);
      channels.set(channel, ready);
      void ready.then((isReady) => isReady || channels.delete(channel));
    }
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), SUBSCRIBE_TIMEOUT_MS);
    });
    return Promise.race([ready, timeout]).finally(() => clearTimeout(timer));
  }

  async function beginWait(sessionId: string, goal: WaitGoal): Promise<Wait> {
    const workerId = await doorbells.outcomesComeFrom(sessionId);
    if (workerId !== undefined) return new Wait(goal, 'stream', workerId);
    return new Wait(goal, (await subscribed(sessionId)) ? 'redis' : 'nowhere', undefined);
  }

  let isEnding = false;

  return {
    endAll() {
      isEnding = true;
      for (const wait of allWaits()) wait.end();
    },
    async expect(sessionId, messageId, goal, timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      const wait = await beginWait(sessionId, goal);
      wait.isEnded = isEnding;
      const waits = waiting.get(messageId) ?? new Set();
      waiting.set(messageId, waits.add(wait));

      function leave(): void {
        waits.delete(wait);
        if (waits.size === 0) waiting.delete(messageId);
      }

      async function untilKnown(read: () => Promise<MessageState | null>): Promise<MessageState | null> {
        for (;;) {
          const left = deadline - performance.now();
          if (wait.state || wait.isEnded || left <= 0) return wait.state;
          await wait.pause(Math.min(READ_EVERY_MS[wait.source], left));
          if (wait.state || wait.isEnded || performance.now() >= deadline) continue;
          // The message is accepted: that PostgreSQL is away now must not look as if it were not.
          const state = await read().catch((error: unknown) => {
            logger.debug({ err: error, messageId }, 'state of a message not read');
            return null;
          });
          if (state && isReached(goal, state)) return state;
        }
      }

      return {
        outcome: (read) => untilKnown(read).finally(leave),
        cancel: leave,
      };
    },
  };
}
