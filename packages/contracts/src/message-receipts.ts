import { type Static, Type } from 'typebox';
import { nullable, timestamp } from './schema.ts';

export const MessageReceiptSchema = Type.Object({
  jid: Type.String({ description: 'Who reported it, as WhatsApp names them.' }),
  deliveredAt: nullable(timestamp()),
  readAt: nullable(timestamp()),
  playedAt: nullable(timestamp()),
});
export type MessageReceipt = Static<typeof MessageReceiptSchema>;

export const MessageReceiptsResultSchema = Type.Object({
  messageId: Type.String({ format: 'uuid' }),
  waMessageId: Type.String(),
  chat: Type.String(),
  recipients: nullable(
    Type.Integer({ description: 'How many it was for: the members of the group beside the account. null: not known.' }),
  ),
  delivered: Type.Integer({ description: 'How many of them have it.' }),
  read: Type.Integer({ description: 'How many of them have read it.' }),
  played: Type.Integer({ description: 'How many of them have played it.' }),
  receipts: Type.Array(MessageReceiptSchema, {
    description: 'Those who have reported something, the first one first.',
  }),
});
export type MessageReceiptsResult = Static<typeof MessageReceiptsResultSchema>;
