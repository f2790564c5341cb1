import { Type } from 'typebox';
import { CALL_REJECTIONS, CallSchema } from '../calls.ts';
import { EXAMPLE_IDENTITY } from '../identities.ts';
import { nullable, oneOf } from '../schema.ts';
import { event } from './event.ts';

const { callId, chat, caller, isVideo, isGroup, startedAt, endedAt } = CallSchema.properties;
const ringing = { callId, chat, caller, isVideo, isGroup, startedAt };
const over = { ...ringing, endedAt };
const example = {
  callId: '5A0C2D6A5F8E4B1D9C3B7F6E2A1D0C9B',
  chat: '15551234567@s.whatsapp.net',
  caller: EXAMPLE_IDENTITY,
  isVideo: false,
  isGroup: false,
  startedAt: '2026-01-15T10:30:00.000Z',
};
const ended = { ...example, endedAt: '2026-01-15T10:30:12.000Z' };

/** Events of calls that come in. Each call is told once of each. */
export const CALL_EVENTS = {
  'call.received': event({
    summary: 'Somebody calls the account: its devices ring.',
    data: Type.Object(ringing),
    example,
    keep: 'log',
  }),
  'call.accepted': event({
    summary: 'A call was taken on another device of the account.',
    data: Type.Object(over),
    example: ended,
    keep: 'log',
  }),
  'call.rejected': event({
    summary: 'A call was rejected: by the session itself, by a caller of the API, or on another device.',
    data: Type.Object({
      ...over,
      rejectedBy: oneOf(CALL_REJECTIONS),
      replyMessageId: nullable(
        Type.String({ format: 'uuid', description: 'The automatic answer, where there is one.' }),
      ),
    }),
    example: { ...ended, rejectedBy: 'auto', replyMessageId: '01a1fe67-59c3-7e76-818f-224716029ae9' },
    keep: 'log',
  }),
  'call.missed': event({
    summary: 'A call has stopped ringing, and nobody has taken it.',
    data: Type.Object(over),
    example: ended,
    keep: 'log',
  }),
  'call.ended': event({
    summary: 'A call that was taken on another device is over.',
    data: Type.Object(over),
    example: ended,
    keep: 'log',
  }),
};
