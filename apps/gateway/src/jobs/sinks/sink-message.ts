import type { DueDelivery } from '@wa-gate/messaging';
import { buildWebhookRequest, type Signer } from '../webhooks/webhook-request.ts';
import type { SinkMessage } from './sink.ts';

/** Headers that mean something beside HTTP. */
const CARRIED = [
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'x-webhook-event',
  'x-webhook-attempt',
  'x-webhook-replay',
];

/** An event as a broker gets it, for one endpoint. */
export function sinkMessage(event: DueDelivery, signer: Signer, endpointId: string, now: Date): SinkMessage {
  const { body, headers } = buildWebhookRequest(event, signer, now);
  const id = headers['webhook-id']!;
  return {
    id,
    // What was asked for again must not be taken for a copy of the first.
    copyId: `${id}.${endpointId}${event.isReplay ? `.replay.${now.getTime()}` : ''}`,
    event: event.type,
    sessionId: signer.slug,
    seq: event.seq,
    body,
    headers: Object.fromEntries(
      CARRIED.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
    ),
  };
}
