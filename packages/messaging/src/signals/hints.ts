import type { MessageState } from '@wa-gate/db';
import { type Redis, redisKeys } from '@wa-gate/kit';

/**
 * Announces, after a commit, which messages have moved. It goes over the control streams of the worker, or over
 * `events:{sessionId}` in Redis while no gateway has one. A hint may be lost.
 */
export interface SessionHint {
  sessionId: string;
  /** Highest seq of the commit. */
  seq: number;
  /** Messages that moved. */
  messages: { messageId: string; state: MessageState }[];
}

/** Publishes hints in one write for all sessions. Without Redis the waiting gateways read the rows. */
export function publishHints(redis: Redis, hints: readonly SessionHint[]): void {
  const publishing = redis.pipeline();
  for (const hint of hints) publishing.publish(redisKeys.events(hint.sessionId), JSON.stringify(hint));
  publishing.exec().catch(() => undefined);
}

/** Asks the owner of a session to look into its outbox. Without Redis the owner's poll finds it. */
export function notifySession(redis: Redis, sessionId: string): void {
  redis.publish(redisKeys.sessionDoorbell(sessionId), '').catch(() => undefined);
}

/** Asks a worker to compare its placements with its actors. */
export function notifyWorker(redis: Redis, workerId: string): void {
  redis.publish(redisKeys.workerDoorbell(workerId), '').catch(() => undefined);
}

/**
 * Asks the gateways to read the list of workers and the sessions that need one. Without Redis their next tick finds it.
 */
export function notifyReconcilers(redis: Redis): void {
  redis.publish(redisKeys.reconcileDoorbell(), '').catch(() => undefined);
}
