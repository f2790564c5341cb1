import { inSpan, isTracing } from '@wa-gate/kit';
import type { DueDelivery, LeasedWebhook } from '@wa-gate/messaging';

/**
 * Runs an attempt as a span of the trace that brought the event about; of an event that nothing traced brought about it
 * begins one. Without tracing it only runs it.
 */
export function inDeliverySpan<T>(
  name: string,
  { trace, type, seq, attempts }: DueDelivery,
  { webhookId, sessionId }: LeasedWebhook,
  attempt: () => Promise<T>,
): Promise<T> {
  if (!isTracing()) return attempt();
  return inSpan(name, { kind: 'producer', parent: trace ?? null }, (span) => {
    if (span?.isRecording) {
      span.set({
        'wag.event': type,
        'wag.event.seq': seq,
        'wag.webhook.id': webhookId,
        'wag.session.id': sessionId,
        'wag.attempt': attempts + 1,
      });
    }
    return attempt();
  });
}
