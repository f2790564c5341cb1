import { type Appended, hintsOf, publishDeliveries, publishHints } from '@wa-gate/messaging';
import type { Resources } from './resources.ts';

/** Tells those who wait for a message, and those who deliver, of events that a gateway has appended. Hints only. */
export const announcerOf =
  ({ redis }: Pick<Resources, 'redis'>) =>
  (appended: Appended): void => {
    const moved = appended.events.flatMap(({ sessionId, type, data }) =>
      type === 'message.failed' ? [{ sessionId, messageId: String(data.messageId), state: 'FAILED' as const }] : [],
    );
    const hints = hintsOf(appended, moved);
    if (hints.length === 0) return;
    publishHints(redis, hints);
    publishDeliveries(redis, hints);
  };
