import { type Static, Type } from 'typebox';
import { defaultSessionHeaders, defaultSessionQuery } from './default-session.ts';
import { ERROR_CODES } from './errors.ts';
import { LIMITS } from './limits.ts';
import { MessageSchema, SendHeadersSchema, SendResultSchema } from './messages.ts';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { anyObject, oneOf, requestBody } from './schema.ts';
import { type SendRequest, SendRequestSchema, scheduleFields } from './send-requests.ts';

export const BulkHeadersSchema = Type.Object({ ...SendHeadersSchema.properties, ...defaultSessionHeaders });

/** `POST /api/messages/bulk`. Each message is validated for itself. */
export const BulkRequestSchema = requestBody(
  {
    ...defaultSessionQuery,
    messages: Type.Unsafe<SendRequest[]>({
      type: 'array',
      minItems: 1,
      maxItems: LIMITS.bulkMessages,
      items: SendRequestSchema,
      description:
        'As POST /api/sessions/{id}/send takes them, of `normal` or `low` priority. A message that is not valid is refused alone.',
    }),
  },
  {
    messages: [
      { to: '+6281234567890', type: 'text', message: 'Your parcel has arrived.', clientMessageId: 'parcel-4711' },
      { to: '+6281234567891', type: 'text', message: 'Your parcel has arrived.', clientMessageId: 'parcel-4712' },
    ],
  },
);

const row = {
  index: Type.Integer({ minimum: 0, description: 'The place of the message in the request, from 0.' }),
  clientMessageId: Type.Optional(Type.String()),
};

/** What became of one message of a bulk request. */
export const BulkResultSchema = Type.Object({
  ...row,
  accepted: Type.Boolean(),
  ...Type.Partial(SendResultSchema).properties,
  replayed: Type.Optional(
    Type.Boolean({ description: 'It had been accepted before, under the same key. This is how it is now.' }),
  ),
  refusal: Type.Optional(
    Type.Object(
      {
        code: oneOf(ERROR_CODES),
        message: Type.String(),
        details: Type.Optional(anyObject()),
        retryable: Type.Boolean(),
      },
      { description: 'Why it was not accepted.' },
    ),
  ),
});
export type BulkResult = Static<typeof BulkResultSchema>;

const count = Type.Integer({ minimum: 0 });

export const BulkAnswerSchema = Type.Object({
  accepted: count,
  replayed: count,
  refused: count,
  results: Type.Array(BulkResultSchema, { description: 'One for each message, in their order.' }),
});

/** `PATCH /api/messages/{id}/schedule`. */
export const MoveScheduledRequestSchema = requestBody(scheduleFields, {
  scheduledAt: '2026-12-24T18:00:00',
  timeZone: 'Asia/Jakarta',
});

export const ListScheduledQuerySchema = Type.Object({
  sessionId: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'Only of this session.', examples: ['user123-personal'] }),
  ),
  ...cursorQuery,
});

export const ListScheduledResultSchema = Type.Object({
  messages: Type.Array(MessageSchema),
  pagination: CursorPaginationSchema,
});
export type ListScheduledResult = Static<typeof ListScheduledResultSchema>;
