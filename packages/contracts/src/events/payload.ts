import { type Static, type TSchema, Type } from 'typebox';
import { anyObject } from '../schema.ts';
import { EVENTS, type EventType, LIVE_EVENTS, type LiveEventType, type WorkerEventType } from './registry.ts';
import { WORKER_EVENTS } from './worker.ts';

const payload = (event: EventType, data: TSchema) =>
  Type.Object({
    id: Type.String({
      description: 'The same for every attempt: what to deduplicate by.',
      examples: ['evt_018f6f3c4d_7'],
    }),
    event: Type.Literal(event),
    timestamp: Type.Integer({ description: 'When it happened, in seconds since 1970.', examples: [1768473000] }),
    sessionId: Type.String({ examples: ['user123-personal'] }),
    seq: Type.Integer({ description: 'Grows by one with each event of the session: order by it.', examples: [4711] }),
    epoch: Type.Integer({
      description: 'Which placement of the session wrote it; 0 for the gateway itself.',
      examples: [9],
    }),
    data,
    metadata: anyObject({
      description:
        '`metadata` of the message that was sent, over that of the session, over that of the webhook; else empty.',
    }),
    signature: Type.String({ examples: ['sha256=5d41402abc4b2a76b9719d911017c592ae1f3bb8b1d4dd7a92b5a1c6c0a2d3e4'] }),
  });

/**
 * The payload of a webhook, by event. `signature` is the last member: HMAC-SHA256 over the body without that member.
 */
export const WEBHOOK_PAYLOADS = Object.fromEntries(
  Object.entries(EVENTS).map(([type, { data }]) => [type, payload(type as EventType, data)]),
) as Record<EventType, ReturnType<typeof payload>>;

/** An example of each payload, by event. */
export const WEBHOOK_EXAMPLES = Object.fromEntries(
  Object.entries(EVENTS).map(([event, { example: data }]) => [
    event,
    {
      id: 'evt_01a1fe6652927c4790cc6c495de83c43_4711',
      event,
      timestamp: 1_768_473_000,
      sessionId: 'user123-personal',
      seq: 4_711,
      epoch: 9,
      data,
      metadata: {},
      signature: 'sha256=5d41402abc4b2a76b9719d911017c592ae1f3bb8b1d4dd7a92b5a1c6c0a2d3e4',
    },
  ]),
) as Readonly<Record<EventType, Static<ReturnType<typeof payload>>>>;

const livePayload = (event: LiveEventType, data: TSchema) => {
  const { signature: _, seq: __, ...logged } = payload(event as never, data).properties;
  const seq = Type.Integer({ minimum: 0, maximum: 0, description: 'In no log, so that it has no place there.' });
  return Type.Object({ ...logged, seq });
};

/** What streams show of an event that is not kept, by event: as a webhook without `signature`, and with the `seq` 0. */
export const LIVE_PAYLOADS = Object.fromEntries(
  Object.entries(LIVE_EVENTS).map(([type, { data }]) => [type, livePayload(type as LiveEventType, data)]),
) as Record<LiveEventType, ReturnType<typeof livePayload>>;

const workerPayload = (event: WorkerEventType, data: TSchema) =>
  Type.Object({
    id: Type.String({ description: 'What to deduplicate by.', examples: ['evt_worker_4711'] }),
    event: Type.Literal(event),
    timestamp: Type.Integer({ description: 'When it happened, in seconds since 1970.', examples: [1768473000] }),
    workerId: Type.String({ examples: ['worker-001'] }),
    seq: Type.Integer({ description: 'Grows with each event of all workers, with gaps.', examples: [4711] }),
    data,
  });

/** What administrators read of the workers, by event. */
export const WORKER_PAYLOADS = Object.fromEntries(
  Object.entries(WORKER_EVENTS).map(([type, { data }]) => [type, workerPayload(type as WorkerEventType, data)]),
) as Record<WorkerEventType, ReturnType<typeof workerPayload>>;

/** The name of the payload in generated clients: `message.received` is `MessageReceivedEvent`. */
const schemaName = (type: string): string =>
  `${type.replace(/(?:^|[._])([a-z])/g, (_, letter: string) => letter.toUpperCase())}Event`;

const named = (payloads: Record<string, TSchema>): Readonly<Record<string, TSchema>> =>
  Object.fromEntries(Object.entries(payloads).map(([type, schema]) => [schemaName(type), schema]));

export const WEBHOOK_SCHEMAS = named(WEBHOOK_PAYLOADS);
export const LIVE_SCHEMAS = named(LIVE_PAYLOADS);
export const WORKER_SCHEMAS = named(WORKER_PAYLOADS);
