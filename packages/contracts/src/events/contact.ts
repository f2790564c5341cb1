import { Type } from 'typebox';
import { EXAMPLE_IDENTITY } from '../identities.ts';
import { nullable } from '../schema.ts';
import { event } from './event.ts';

/** Events of contacts. */
export const CONTACT_EVENTS = {
  'contact.merged': event({
    summary:
      'More is known of who a contact is: its number or LID was learnt or has changed, or two contacts turned out to be one.',
    data: Type.Object({
      contactId: Type.String({ format: 'uuid', description: 'The id of the contact from now on.' }),
      mergedContactIds: Type.Array(Type.String({ format: 'uuid' }), {
        description: 'Ids that meant this person too, and still find it. Empty when there was only one.',
      }),
      phoneNumber: nullable(Type.String({ description: 'With +.' })),
      lid: nullable(Type.String()),
      name: nullable(Type.String()),
      jids: Type.Array(Type.String(), { description: 'All names of the person as WhatsApp writes them.' }),
      mergedMessages: Type.Optional(
        Type.Array(
          Type.Object({
            messageId: Type.String({ format: 'uuid', description: 'The id of the message from now on.' }),
            mergedMessageIds: Type.Array(Type.String({ format: 'uuid' }), {
              description: 'Ids under which the same message was told before. They still find it.',
            }),
          }),
          {
            description:
              'Messages that had come under two names of the person before these were known to be one, and are one message now.',
          },
        ),
      ),
    }),
    example: {
      contactId: EXAMPLE_IDENTITY.contactId!,
      mergedContactIds: ['01a1fe67-6d10-7a53-9c1e-52d0b7f3a1c4'],
      phoneNumber: '+15551234567',
      lid: '212345678901234@lid',
      name: 'Ann',
      jids: ['15551234567@s.whatsapp.net', '212345678901234@lid'],
    },
    keep: 'log',
  }),
};
