import { type Static, Type } from 'typebox';
import { EVENT_TYPES } from './events/index.ts';
import { MessageIdentitiesSchema } from './identities.ts';
import { MESSAGE_STATES, MESSAGE_STATUSES } from './message-states.ts';
import { PACING_WAITS } from './pacing.ts';
import { RiskWarningSchema } from './risk.ts';
import { nullable, oneOf, timestamp } from './schema.ts';
import { SESSION_STATES } from './session-states.ts';

/** The steps of a message. */
export const TIMELINE_STEPS = [
  'accepted',
  'received',
  'attempt',
  'picture_left_out',
  'wire',
  'server_ack',
  'delivered',
  'read',
  'failed',
  'event',
] as const;

const WAIT_REASONS = ['scheduled', 'session', 'no_owner', 'older_messages', 'server_ack', ...PACING_WAITS] as const;

const DELIVERY_STATUSES = ['pending', 'retrying', 'delivered', 'failed'] as const;

/** Why a message is not sent yet. */
export const WaitSchema = Type.Object({
  reason: oneOf(WAIT_REASONS),
  message: Type.String({ description: 'A sentence for people.' }),
  until: Type.Optional(timestamp('When this reason ends, where that is known.')),
  sessionState: Type.Optional(oneOf(SESSION_STATES)),
  ahead: Type.Optional(Type.Integer({ description: 'Messages of the session that go first.' })),
});
export type Wait = Static<typeof WaitSchema>;

export const DeliverySchema = Type.Object({
  status: oneOf(DELIVERY_STATUSES),
  attempts: Type.Integer(),
  nextAttemptAt: Type.Optional(timestamp()),
  deliveredAt: Type.Optional(timestamp()),
  responseCode: Type.Optional(Type.Integer()),
  lastError: Type.Optional(Type.String()),
});
export type TimelineDelivery = Static<typeof DeliverySchema>;

export const TimelineEntrySchema = Type.Object({
  at: timestamp(),
  step: oneOf(
    TIMELINE_STEPS,
    '`picture_left_out`: the picture of its link preview could not be uploaded, and the text goes out without it.',
  ),
  attempt: Type.Optional(Type.Integer({ description: 'Of `attempt`: counts from 1.' })),
  worker: Type.Optional(Type.String({ description: 'Of `attempt`: who made it.' })),
  epoch: Type.Optional(Type.Integer({ description: 'Of `attempt`: which placement of the session made it.' })),
  code: Type.Optional(nullable(Type.String({ description: 'Of `failed` and `picture_left_out`.' }))),
  message: Type.Optional(nullable(Type.String({ description: 'Of `failed` and `picture_left_out`.' }))),
  seq: Type.Optional(Type.Integer({ description: 'Of `event`.' })),
  event: Type.Optional(oneOf(EVENT_TYPES, 'Of `event`: its type.')),
  delivery: Type.Optional(DeliverySchema),
});
export type TimelineEntry = Static<typeof TimelineEntrySchema>;

export const TimelineSchema = Type.Object({
  messageId: Type.String({ format: 'uuid' }),
  waMessageId: Type.String(),
  identities: MessageIdentitiesSchema,
  status: oneOf(MESSAGE_STATUSES),
  state: oneOf(MESSAGE_STATES, 'The exact state behind the status.'),
  waiting: Type.Array(WaitSchema, { description: 'Why it is not sent yet; empty when nothing is waited for.' }),
  risk: Type.Optional(RiskWarningSchema),
  timeline: Type.Array(TimelineEntrySchema, {
    description:
      "What happened, in the order of time. Receipts carry WhatsApp's time, in whole seconds; `wire` is when the last attempt was on the line, at the latest.",
  }),
});
export type Timeline = Static<typeof TimelineSchema>;
