import { type Static, Type } from 'typebox';
import { IdentitySchema } from './identities.ts';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { nullable, oneOf, timestamp } from './schema.ts';

/** What has become of a call. `accepted`: on the phone or another device; this one cannot speak. */
export const CALL_STATUSES = ['ringing', 'accepted', 'rejected', 'missed', 'ended'] as const;
export type CallStatus = (typeof CALL_STATUSES)[number];

/** Who has rejected a call: the setting `calls` of the session, a caller of the API, or another device. */
export const CALL_REJECTIONS = ['auto', 'api', 'device'] as const;
export type CallRejection = (typeof CALL_REJECTIONS)[number];

export const CallSchema = Type.Object({
  callId: Type.String({ description: 'As WhatsApp names it.', examples: ['5A0C2D6A5F8E4B1D9C3B7F6E2A1D0C9B'] }),
  chat: Type.String({ description: 'The caller, or the group that is called.' }),
  caller: IdentitySchema,
  isVideo: Type.Boolean(),
  isGroup: Type.Boolean(),
  status: oneOf(CALL_STATUSES),
  rejectedBy: nullable(oneOf(CALL_REJECTIONS)),
  replyMessageId: nullable(
    Type.String({ format: 'uuid', description: 'The message with which the setting `calls` has answered.' }),
  ),
  startedAt: timestamp(),
  endedAt: nullable(timestamp('When it stopped ringing, or was over.')),
});
export type Call = Static<typeof CallSchema>;

export const ListCallsQuerySchema = Type.Object({
  ...cursorQuery,
  /** The name that WhatsApp gives a call is a part of it. */
  cursor: Type.Optional(Type.String({ ...cursorQuery.cursor, maxLength: 400 })),
  status: Type.Optional(oneOf(CALL_STATUSES)),
});
export type ListCallsQuery = Static<typeof ListCallsQuerySchema>;

export const ListCallsResultSchema = Type.Object({
  calls: Type.Array(CallSchema),
  pagination: CursorPaginationSchema,
});
export type ListCallsResult = Static<typeof ListCallsResultSchema>;
