import type { SinkConfiguration } from '@wa-gate/contracts';
import type { Clock, SecretBox } from '@wa-gate/kit';
import type { DueDelivery } from '@wa-gate/messaging';
import { openConfiguration, openParts } from '../../modules/webhooks/index.ts';
import type { AttemptOutcome, FailureScope } from '../webhooks/attempt-outcome.ts';
import { inDeliverySpan } from '../webhooks/delivery-span.ts';
import { Interrupted, type Transport } from '../webhooks/transport.ts';
import { createSigner } from '../webhooks/webhook-request.ts';
import type { SinkFailure } from './sink.ts';
import { type SinkClient, type SinkResult, SinksClosed } from './sink-client.ts';
import { sinkMessage } from './sink-message.ts';

export interface SinkTransportDependencies {
  /** Closed by the transport. */
  client: SinkClient;
  secrets: SecretBox;
  clock: Clock;
}

/** What each failure is about: one key, subject or user may be wrong for some events and right for others. */
const SCOPES: Record<SinkFailure, FailureScope> = {
  unreachable: 'endpoint',
  timeout: 'endpoint',
  full: 'endpoint',
  unauthorized: 'unclear',
  no_destination: 'unclear',
  refused: 'event',
};

/** Brokers: each event is a message with the body and the signature of a webhook. */
export function createSinkTransport({ client, secrets, clock }: SinkTransportDependencies): Transport {
  return {
    open(leased) {
      const { endpointId, sessionId, slug, metadata, configuration } = leased;
      if (!configuration) throw new Error('the endpoint has no configuration');
      const { secret, previous } = openParts(secrets, leased, clock.now());
      const signer = createSigner({ sessionId, slug, metadata, secret, previous });
      const sink = openConfiguration<SinkConfiguration>(secrets, endpointId, configuration);
      const publish = (event: DueDelivery) =>
        client.publish(endpointId, sink, sinkMessage(event, signer, endpointId, new Date(clock.now())));
      return {
        async send([event]) {
          if (!event) return [];
          try {
            return [outcomeOf(await inDeliverySpan('publish event', event, leased, () => publish(event)))];
          } catch (error) {
            throw error instanceof SinksClosed ? new Interrupted('stopping', { cause: error }) : error;
          }
        },
        knock: () => client.knock(sink),
      };
    },
    close: () => client.close(),
  };
}

function outcomeOf(result: SinkResult): AttemptOutcome {
  if (result.kind === 'stored') return { kind: 'delivered' };
  const { failure, error } = result;
  return { kind: 'failed', scope: SCOPES[failure], error, isUnreachable: failure === 'unreachable' };
}
