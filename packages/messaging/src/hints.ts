import type { MessageState } from '@wa-gate/db';
import { type Redis, redisKeys } from '@wa-gate/kit';

/** Published on `events:{sessionId}` after a commit: what to read, for those who wait. A hint may be lost. */
export interface SessionHint {
  /** Highest seq of the commit. */
  seq: number;
  /** Messages that moved. */
  messages: { messageId: string; state: MessageState }[];
}

/** Tells those who wait that sessions have news, in one write for all. Without Redis they read at their time-out. */
export function publishHints(redis: Redis, hints: ReadonlyMap<string, SessionHint>): void {
  const publishing = redis.pipeline();
  for (const [sessionId, hint] of hints) publishing.publish(redisKeys.events(sessionId), JSON.stringify(hint));
  publishing.exec().catch(() => undefined);
}

/** Asks the owner of a session to look into its outbox. Without Redis the owner's poll finds it. */
export function ringSession(redis: Redis, sessionId: string): void {
  redis.publish(redisKeys.sessionBell(sessionId), '').catch(() => undefined);
}

/** Asks a worker to compare its placements with its actors. */
export function ringWorker(redis: Redis, workerId: string): void {
  redis.publish(redisKeys.workerBell(workerId), '').catch(() => undefined);
}
