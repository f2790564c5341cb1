import type { MessageStateName } from '@wa-gate/contracts';
import type { MessageState } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import type { SessionHint } from '@wa-gate/messaging';
import type { HintListener, HintSource, HintSubscription, SessionHints } from '../../worker-links/session-hints.ts';

/** States that end a wait for `goal`: the goal or anything further, or a failure. */
const FAILURES = ['FAILED', 'UNKNOWN', 'CANCELLED', 'EXPIRED'] as const;
const REACHED: Record<'sent' | 'delivered', ReadonlySet<MessageStateName>> = {
  sent: new Set(['SENT', 'DELIVERED', 'READ', 'PLAYED', ...FAILURES]),
  delivered: new Set(['DELIVERED', 'READ', 'PLAYED', ...FAILURES]),
};

export type WaitGoal = keyof typeof REACHED;

export const isReached = (goal: WaitGoal, state: MessageStateName): boolean => REACHED[goal].has(state);

/** A wait for the outcome of one message. */
export interface Expectation {
  /**
   * The state that ended the wait; `null` at the time-out, after which the caller reads the row.
   *
   * @param read the state in the database, for when no hints come
   */
  outcome(read: () => Promise<MessageState | null>): Promise<MessageState | null>;
  /**
   * Whether a hint names the message before `signal` resolves, in whatever state: then it is accepted. At the time-out,
   * and when hints cannot come any more, the answer is no.
   */
  isHintedBefore(signal: Promise<void>): Promise<boolean>;
  /** Ends it without an outcome: the message was not accepted. */
  cancel(): void;
}

/**
 * Waits for the outcomes of messages by the hints of their sessions. Hints may be lost, so the row is read as well:
 * seldom while hints come, often while none can.
 */
export interface OutcomeWaiter {
  /** Call before the message is accepted, so that no hint can be too early. */
  expect(sessionId: string, messageId: string, goal: WaitGoal, timeoutMs: number): Promise<Expectation>;
  /** Ends all waits as at their time-out: the process stops. */
  endAll(): void;
}

export interface OutcomeWaiterDependencies {
  hints: SessionHints;
  logger: Logger;
}

/** How often the row of a message is read, by the source of its hints. */
const READ_EVERY_MS: Record<HintSource, number> = { stream: 1_000, redis: 250, none: 100 };

/** One caller that waits for one message; several may wait for the same. */
class Wait implements HintListener {
  readonly #messageId: string;
  readonly #goal: WaitGoal;
  state: MessageState | null = null;
  /** A hint has named the message. */
  isHinted = false;
  isEnded = false;
  #wake: () => void = () => undefined;

  constructor(messageId: string, goal: WaitGoal) {
    this.#messageId = messageId;
    this.#goal = goal;
  }

  onHint({ messages }: SessionHint): void {
    for (const { messageId, state } of messages) {
      if (messageId !== this.#messageId) continue;
      this.isHinted = true;
      if (isReached(this.#goal, state)) this.state = state;
      this.#wake();
    }
  }

  /** The row is read at once. */
  onLost(): void {
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

export function createOutcomeWaiter({ hints, logger }: OutcomeWaiterDependencies): OutcomeWaiter {
  const waits = new Set<Wait>();
  let isEnding = false;

  return {
    endAll() {
      isEnding = true;
      for (const wait of waits) wait.end();
    },
    async expect(sessionId, messageId, goal, timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      const wait = new Wait(messageId, goal);
      const subscription: HintSubscription = await hints.listen(sessionId, wait);
      wait.isEnded = isEnding;
      waits.add(wait);

      function leave(): void {
        waits.delete(wait);
        subscription.close();
      }

      async function untilKnown(read: () => Promise<MessageState | null>): Promise<MessageState | null> {
        for (;;) {
          const left = deadline - performance.now();
          if (wait.state || wait.isEnded || left <= 0) return wait.state;
          await wait.pause(Math.min(READ_EVERY_MS[subscription.source], left));
          if (wait.state || wait.isEnded || performance.now() >= deadline) continue;
          // The message is accepted: an error of PostgreSQL here must not make the request look refused.
          const state = await read().catch((error: unknown) => {
            logger.debug({ err: error, messageId }, 'state of a message not read');
            return null;
          });
          if (state && isReached(goal, state)) return state;
        }
      }

      return {
        async isHintedBefore(signal) {
          if (!wait.isEnded && !wait.isHinted) await Promise.race([wait.pause(deadline - performance.now()), signal]);
          return wait.isHinted;
        },
        outcome: (read) => untilKnown(read).finally(leave),
        cancel: leave,
      };
    },
  };
}
