import type { MessageState } from '@wa-gate/db';
import { type Redis, redisKeys } from '@wa-gate/kit';
import type { Appended, AppendedEvent, WantingWebhook } from '../events/append-events.ts';

/**
 * Announces, after a commit, which messages have moved and what there is to deliver. It goes over the control streams
 * of the worker, or over Redis while no gateway has one. A hint may be lost.
 */
export interface SessionHint {
  sessionId: string;
  /** Highest seq of the commit; 0: it has appended no event. */
  seq: number;
  /** Messages, and changes of the API, that moved. */
  messages: { messageId: string; state: MessageState }[];
  /** Lowest seq of the commit. Workers of the previous version do not tell it, nor what follows. */
  firstSeq?: number;
  /** Webhooks that want events of the commit. */
  webhooks?: Omit<WantingWebhook, 'sessionId'>[];
  /**
   * `webhooks` has all of the session, by all of their filters. Absent: a worker of the version before, which knows the
   * primary webhook and its `events`.
   */
  hasAllWebhooks?: boolean;
  /** The wanted events with all that a delivery needs. Absent: too large for a frame, to be read in PostgreSQL. */
  events?: Omit<AppendedEvent, 'sessionId'>[];
}

/** The hints of a commit, one for each session that has new events, or of which something has moved without one. */
export function hintsOf(
  { events, webhooks }: Appended,
  moved: readonly { sessionId: string; messageId: string; state: MessageState }[] = [],
): SessionHint[] {
  const hints = new Map<string, Required<SessionHint>>();
  const none = (sessionId: string): Required<SessionHint> => ({
    sessionId,
    seq: 0,
    firstSeq: 0,
    messages: [],
    webhooks: [],
    hasAllWebhooks: true,
    events: [],
  });
  for (const { sessionId, seq } of events) {
    const hint = hints.get(sessionId);
    if (hint) {
      hint.seq = Math.max(hint.seq, seq);
      hint.firstSeq = Math.min(hint.firstSeq, seq);
    } else {
      hints.set(sessionId, { ...none(sessionId), seq, firstSeq: seq });
    }
  }
  for (const { sessionId, messageId, state } of moved) {
    const hint = hints.get(sessionId) ?? none(sessionId);
    hint.messages.push({ messageId, state });
    hints.set(sessionId, hint);
  }
  for (const { sessionId, ...webhook } of webhooks) hints.get(sessionId)?.webhooks.push(webhook);
  for (const { sessionId, ...event } of events) {
    const hint = hints.get(sessionId)!;
    if (hint.webhooks.some(({ seqs }) => seqs.includes(event.seq))) hint.events.push(event);
  }
  return [...hints.values()];
}

/**
 * Publishes hints in one write for all sessions, to those who wait for a message. Without Redis the waiting gateways
 * read the rows.
 */
export function publishHints(redis: Redis, hints: readonly SessionHint[]): void {
  const publishing = redis.pipeline();
  for (const { sessionId, seq, messages } of hints) {
    publishing.publish(redisKeys.events(sessionId), JSON.stringify({ sessionId, seq, messages }));
  }
  publishing.exec().catch(() => undefined);
}

/** Publishes hints to every gateway that delivers. Without Redis each looks for itself after some seconds. */
export function publishDeliveries(redis: Redis, hints: readonly SessionHint[]): void {
  redis.publish(redisKeys.deliveries(), JSON.stringify(hints)).catch(() => undefined);
}

/** Notifies the owner of a session of due rows in its outbox. Without Redis the owner's poll finds them. */
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
