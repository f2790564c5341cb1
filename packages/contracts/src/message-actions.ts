import { type Static, Type } from 'typebox';
import { MESSAGE_STATES, MESSAGE_STATUSES } from './message-states.ts';
import { oneOf } from './schema.ts';

/** What was done to a message for the account itself: WhatsApp has taken it. */
export const ActedOnMessageSchema = Type.Object({
  messageId: Type.String({ format: 'uuid' }),
  waMessageId: Type.String({
    description: 'The same message as WhatsApp names it.',
    examples: ['3EB0A1B2C3D4E5F6A7B8C9'],
  }),
  chat: Type.String({ description: 'The chat as WhatsApp names it.' }),
  status: oneOf(MESSAGE_STATUSES, '`sent`: WhatsApp has taken what was done to the message.'),
  state: oneOf(MESSAGE_STATES, 'The exact state behind the status.'),
});
export type ActedOnMessage = Static<typeof ActedOnMessageSchema>;

export const ActedOnMessagesSchema = Type.Object({ messages: Type.Array(ActedOnMessageSchema) });
