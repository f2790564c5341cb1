import type { Redis } from '@wa-gate/kit';
import { type Appended, publishHint, type RecordedOutcomes, type WebhookBell } from '@wa-gate/messaging';

/** Tells the world, after a commit, that there is news: those who wait for a message, and the webhook drain. Hints only; they may be lost. */
export type Announce = (appended: Appended, moved?: RecordedOutcomes['moved']) => void;

export function createAnnouncer({ redis, webhooks }: { redis: Redis; webhooks: WebhookBell }): Announce {
  return ({ events, webhooks: rung }, moved = []) => {
    const seqs = new Map<string, number>();
    for (const { sessionId, seq } of events) seqs.set(sessionId, Math.max(seq, seqs.get(sessionId) ?? 0));
    for (const [sessionId, seq] of seqs) {
      const messages = moved
        .filter((message) => message.sessionId === sessionId)
        .map(({ messageId, state }) => ({ messageId, state }));
      publishHint(redis, sessionId, { seq, messages });
    }
    for (const { webhookId } of rung) webhooks.ring(webhookId);
  };
}
