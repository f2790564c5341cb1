import type { Redis } from '@wa-gate/kit';
import {
  type Appended,
  publishHints,
  type RecordedOutcomes,
  type SessionHint,
  type WebhookDoorbell,
} from '@wa-gate/messaging';
import type { ControlPort } from '../control/control-stream.ts';

/**
 * Tells the world, after a commit, that there is news: those who wait for a message, and the webhook drain. Hints only;
 * they may be lost.
 */
export type Announce = (appended: Appended, moved?: RecordedOutcomes['moved']) => void;

export interface AnnouncerDependencies {
  redis: Redis;
  webhooks: WebhookDoorbell;
  control: Pick<ControlPort, 'hasGateway' | 'publishHints'>;
}

export function createAnnouncer({ redis, webhooks, control }: AnnouncerDependencies): Announce {
  return ({ events, webhooks: rung }, moved = []) => {
    const hints = new Map<string, SessionHint>();
    for (const { sessionId, seq } of events) {
      const hint = hints.get(sessionId);
      if (hint) hint.seq = Math.max(hint.seq, seq);
      else hints.set(sessionId, { sessionId, seq, messages: [] });
    }
    for (const { sessionId, messageId, state } of moved) hints.get(sessionId)?.messages.push({ messageId, state });
    if (hints.size > 0) {
      // A gateway without a stream, while others have one, looks for itself: Redis would cost every message a hop for
      // the sake of a rare fault.
      if (control.hasGateway) control.publishHints([...hints.values()]);
      else publishHints(redis, [...hints.values()]);
    }
    for (const { webhookId } of rung) webhooks.notify(webhookId);
  };
}
