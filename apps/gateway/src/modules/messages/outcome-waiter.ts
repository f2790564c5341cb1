import type { MessageState } from '@wa-gate/db';
import { type Logger, redisKeys } from '@wa-gate/kit';
import type { SessionHint } from '@wa-gate/messaging';
import { LRUCache } from 'lru-cache';
import type { Subscriptions } from '../../subscriptions.ts';

/** States that end a wait for `goal`: the goal or anything further, or a refusal. */
const REACHED: Record<'sent' | 'delivered', ReadonlySet<MessageState>> = {
  sent: new Set<MessageState>(['SENT', 'DELIVERED', 'READ', 'PLAYED', 'FAILED']),
  delivered: new Set<MessageState>(['DELIVERED', 'READ', 'PLAYED', 'FAILED']),
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
 * Learns of outcomes by the hints that owners publish after their commits. Hints may be lost: at the time-out the caller reads the row once, and
 * while Redis is away it is read every {@link POLL_MS}.
 */
export interface OutcomeWaiter {
  /** Call before the message is accepted, so that no hint can be too early. */
  expect(sessionId: string, messageId: string, goal: WaitGoal, timeoutMs: number): Promise<Expectation>;
  /** Ends all waits as at their time-out: the process wants to stop. */
  endAll(): void;
}

const POLL_MS = 100;
/** Channels stay subscribed this long after their last wait: a caller that sends again pays nothing for it. */
const KEEP_MS = 60_000;
const PURGE_EVERY_MS = 30_000;
const MAX_CHANNELS = 10_000;

type Settle = (result: MessageState | 'lost' | null) => void;

export function createOutcomeWaiter(subscriptions: Subscriptions, logger: Logger): OutcomeWaiter {
  const waiting = new Map<string, { goal: WaitGoal; settle: Settle }>();
  const channels = new LRUCache<string, Promise<boolean>>({
    max: MAX_CHANNELS,
    ttl: KEEP_MS,
    updateAgeOnGet: true,
    dispose: (_ready, channel) => subscriptions.unsubscribe(channel),
    noDisposeOnSet: true,
  });
  setInterval(() => channels.purgeStale(), PURGE_EVERY_MS).unref();

  subscriptions.onLost(() => {
    channels.clear();
    for (const { settle } of waiting.values()) settle('lost');
  });

  function onHint(text: string): void {
    let hint: SessionHint;
    try {
      hint = JSON.parse(text) as SessionHint;
    } catch (error) {
      logger.warn({ err: error }, 'a hint is not JSON');
      return;
    }
    for (const { messageId, state } of hint.messages) {
      const entry = waiting.get(messageId);
      if (entry && isReached(entry.goal, state)) entry.settle(state);
    }
  }

  async function listen(sessionId: string): Promise<boolean> {
    const channel = redisKeys.events(sessionId);
    const known = channels.get(channel);
    if (known) return known;
    const ready = subscriptions.subscribe(channel, onHint);
    channels.set(channel, ready);
    const isReady = await ready;
    if (!isReady) channels.delete(channel);
    return isReady;
  }

  let isEnding = false;

  async function poll(goal: WaitGoal, deadline: number, read: () => Promise<MessageState | null>) {
    while (performance.now() < deadline && !isEnding) {
      const state = await read();
      if (state && isReached(goal, state)) return state;
      await new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MS, Math.max(0, deadline - performance.now()))));
    }
    return null;
  }

  return {
    endAll() {
      isEnding = true;
      for (const { settle } of waiting.values()) settle(null);
    },
    async expect(sessionId, messageId, goal, timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      const isListening = await listen(sessionId);
      let settle: Settle = () => undefined;
      const hinted = isListening
        ? new Promise<MessageState | 'lost' | null>((resolve) => {
            settle = resolve;
          })
        : Promise.resolve('lost' as const);
      waiting.set(messageId, { goal, settle: (result) => settle(result) });

      return {
        async outcome(read) {
          let timer: NodeJS.Timeout | undefined;
          const timedOut = new Promise<null>((resolve) => {
            timer = setTimeout(() => resolve(null), Math.max(0, deadline - performance.now()));
          });
          try {
            const first = await Promise.race([hinted, timedOut]);
            return first === 'lost' ? await poll(goal, deadline, read) : first;
          } finally {
            clearTimeout(timer);
            waiting.delete(messageId);
          }
        },
        cancel() {
          waiting.delete(messageId);
        },
      };
    },
  };
}
