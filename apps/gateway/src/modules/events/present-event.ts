import type { EventType, LiveEventType, StreamedEvent } from '@wa-gate/contracts';
import { TOKEN_PREFIX } from '@wa-gate/kit';

/** An event as it is stored. */
export interface StoredEvent {
  /** 0: it is not kept, and `id` is its own. */
  seq: number;
  id?: string;
  type: EventType | LiveEventType;
  data: Record<string, unknown>;
  /** `null` for events of the gateway. */
  epoch: number | null;
  /** Milliseconds since 1970. */
  createdAt: number;
  /** The `metadata` that the caller attached to the message of the event. */
  metadata: Record<string, unknown> | null;
}

/** What the ids of a session's events begin with. Session and seq are the identity of an event. */
export const eventIdPrefix = (sessionId: string): string => `${TOKEN_PREFIX.event}${sessionId.replaceAll('-', '')}_`;

/** As webhooks and streams show it. */
export const presentEvent = (
  event: StoredEvent,
  { idPrefix, slug }: { idPrefix: string; slug: string },
): StreamedEvent => ({
  id: `${idPrefix}${event.id ?? event.seq}`,
  event: event.type,
  timestamp: Math.floor(event.createdAt / 1_000),
  sessionId: slug,
  seq: event.seq,
  epoch: event.epoch ?? 0,
  data: event.data,
  metadata: event.metadata ?? {},
});
