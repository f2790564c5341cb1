import type { Redis } from '@wa-gate/kit';
import {
  type Appended,
  hintsOf,
  publishDeliveries,
  publishHints,
  type RecordedOutcomes,
  type WebhookDoorbell,
} from '@wa-gate/messaging';
import type { ControlPort } from '../control/control-stream.ts';

/**
 * Announces, after a commit, that there is news: to those who wait for a message, and to those who deliver to webhooks.
 * A webhook that nobody holds also gets a job in BullMQ, for a gateway that has no stream. Hints only; they may be
 * lost.
 */
export type Announce = (appended: Appended, moved?: RecordedOutcomes['moved']) => void;

export interface AnnouncerDependencies {
  redis: Redis;
  webhooks: WebhookDoorbell;
  control: Pick<ControlPort, 'hasGateway' | 'publishHints'>;
}

export function createAnnouncer({ redis, webhooks, control }: AnnouncerDependencies): Announce {
  return ({ events, webhooks: wanting }, moved = []) => {
    const hints = hintsOf({ events, webhooks: wanting }, moved);
    // A gateway without a stream, while others have one, looks for itself: Redis would cost every message a hop for the
    // sake of a rare fault.
    if (control.hasGateway) {
      control.publishHints(hints);
    } else if (hints.length > 0) {
      publishHints(redis, hints);
      publishDeliveries(redis, hints);
    }
    for (const { webhookId, leasedBy } of wanting) if (leasedBy === null) webhooks.notify(webhookId);
  };
}
