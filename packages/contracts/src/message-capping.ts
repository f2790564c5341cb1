import { type Static, Type } from 'typebox';
import { nullable, oneOf, timestamp } from './schema.ts';

export const MessageCappingSchema = Type.Object(
  {
    status: oneOf(['none', 'first_warning', 'second_warning', 'capped'] as const),
    used: nullable(Type.Integer()),
    total: nullable(Type.Integer()),
    cycleEndsAt: nullable(timestamp('When the count begins anew.')),
  },
  { description: "WhatsApp's cap on new chats, as it told it last; null while it has told nothing." },
);
export type MessageCapping = Static<typeof MessageCappingSchema>;
