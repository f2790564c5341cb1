import { type Static, Type } from 'typebox';
import { EVENT_TYPES } from './events/index.ts';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { nullable, oneOf, requestBody, timestamp } from './schema.ts';

/**
 * `pending`: it waits in line. `retrying`: the receiver has refused it, or it was asked for again, and it has a
 * schedule of its own. `failed`: given up, and kept.
 */
export const DELIVERY_STATUSES = ['pending', 'retrying', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Deliveries that one call repeats, at most. */
export const MAX_REPLAYED = 10_000;

const status = oneOf(
  DELIVERY_STATUSES,
  '`pending`: it waits in line. `retrying`: the receiver has refused it, or it was asked for again. `failed`: given up, and kept.',
);
const session = Type.String({ minLength: 1, maxLength: 64, description: 'Only events of this session.' });
const period = {
  from: Type.Optional(timestamp('Only events that happened then or later.')),
  to: Type.Optional(timestamp('Only events that happened before.')),
};

export const EventDeliverySchema = Type.Object(
  {
    id: Type.String({
      description: 'The id of the event, as in the header `webhook-id`.',
      examples: ['evt_018f6f3c4d_7'],
    }),
    event: Type.String({ examples: ['message.received'] }),
    sessionId: Type.String({ examples: ['user123-personal'] }),
    seq: Type.Integer({ examples: [4711] }),
    occurredAt: timestamp('When the event happened.'),
    status,
    attempts: Type.Integer({ description: 'Made so far.' }),
    nextAttemptAt: nullable(timestamp('Not before; null: as soon as its turn comes, or never.')),
    deliveredAt: nullable(timestamp()),
    replayedAt: nullable(timestamp('When it was asked for again.')),
    statusCode: nullable(Type.Integer({ description: 'Of the last answer.', examples: [503] })),
    latencyMs: nullable(Type.Integer({ description: 'How long the receiver took for it.' })),
    error: nullable(Type.String({ description: 'Why the last attempt failed.' })),
    answer: nullable(
      Type.String({ description: 'The beginning of the answer to an attempt that failed: 1 kB at most.' }),
    ),
  },
  { description: 'What became of an event for a webhook.' },
);
export type EventDelivery = Static<typeof EventDeliverySchema>;

export const ListDeliveriesQuerySchema = Type.Object(
  {
    ...cursorQuery,
    status: Type.Optional(status),
    event: Type.Optional(oneOf(EVENT_TYPES)),
    sessionId: Type.Optional(session),
    ...period,
  },
  { additionalProperties: false },
);
export type ListDeliveriesQuery = Static<typeof ListDeliveriesQuerySchema>;

export const ListDeliveriesResultSchema = Type.Object({
  deliveries: Type.Array(EventDeliverySchema),
  pagination: CursorPaginationSchema,
});

export const DeliveryParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, description: 'Id of the webhook.' }),
  deliveryId: Type.String({ minLength: 1, maxLength: 100, description: 'Id of the event.' }),
});

export const ReplayDeliveriesRequestSchema = nullable(
  requestBody(
    {
      status: Type.Optional(
        oneOf(
          ['failed', 'delivered'],
          'Which are sent again: those that were given up (the default), or those that were taken.',
        ),
      ),
      events: Type.Optional(
        Type.Array(oneOf(EVENT_TYPES), { minItems: 1, maxItems: EVENT_TYPES.length, uniqueItems: true }),
      ),
      sessionId: Type.Optional(session),
      ...period,
      cursor: Type.Optional(
        Type.String({ maxLength: 100, description: '`nextCursor` of the call before, with the same filters.' }),
      ),
    },
    { status: 'failed', from: '2026-01-15T08:00:00.000Z', to: '2026-01-15T10:30:00.000Z' },
  ),
);
export type ReplayDeliveriesRequest = NonNullable<Static<typeof ReplayDeliveriesRequestSchema>>;

export const ReplayedDeliveriesSchema = Type.Object({
  replayed: Type.Integer({ description: `How many are sent again, ${MAX_REPLAYED} at most.` }),
  nextCursor: nullable(Type.String({ description: 'There are more: call again with it.' })),
});
