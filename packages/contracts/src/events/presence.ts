import { Type } from 'typebox';
import { PRESENCE_STATES } from '../operations/presence.ts';
import { nullable, oneOf, timestamp } from '../schema.ts';
import { event } from './event.ts';

/** What people do while somebody looks. It is wrong a moment later, so that it is told and never kept. */
export const PRESENCE_EVENTS = {
  'presence.update': event({
    summary: 'WhatsApp tells what a person does whom the session watches (`POST …/presence/subscribe`).',
    data: Type.Object({
      chat: Type.String({ description: 'The chat with the person, or the group in which the person writes.' }),
      chatAlt: Type.Optional(
        Type.String({ description: 'The other name of the chat with a person, where it is known.' }),
      ),
      from: Type.String({ description: 'The person, as WhatsApp names it here.' }),
      fromAlt: Type.Optional(Type.String({ description: 'Its other name (number or LID), where it is known.' })),
      state: oneOf(PRESENCE_STATES.filter((state) => state !== 'unknown')),
      lastSeenAt: nullable(timestamp('When the person was last online, where it shows that.')),
    }),
    example: {
      chat: '15551234567@s.whatsapp.net',
      chatAlt: '212345678901234@lid',
      from: '15551234567@s.whatsapp.net',
      fromAlt: '212345678901234@lid',
      state: 'typing',
      lastSeenAt: null,
    },
    keep: 'stream',
  }),
};
