import { Type } from 'typebox';
import { EXAMPLE_IDENTITY, IdentitySchema } from '../identities.ts';
import { nullable, oneOf } from '../schema.ts';
import { event } from './event.ts';

const { properties: person } = IdentitySchema;

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
  'contact.updated': event({
    summary:
      'A contact shows itself otherwise: its name in this workspace, its picture or its about text (`changed`). WhatsApp tells pictures and about texts of some people only.',
    data: Type.Object({
      ...person,
      changed: Type.Array(oneOf(['name', 'picture', 'about'] as const)),
      about: Type.Optional(Type.String({ description: 'As it is now. Present when it has changed.' })),
      hasPicture: Type.Optional(Type.Boolean({ description: 'Present when the picture has changed.' })),
    }),
    example: { ...EXAMPLE_IDENTITY, changed: ['picture'], hasPicture: true },
    keep: 'log',
  }),
  'contact.blocked': event({
    summary: 'The account has blocked somebody, on any of its devices.',
    data: Type.Object(person),
    example: EXAMPLE_IDENTITY,
    keep: 'log',
  }),
  'contact.unblocked': event({
    summary: 'The account has unblocked somebody, on any of its devices.',
    data: Type.Object(person),
    example: EXAMPLE_IDENTITY,
    keep: 'log',
  }),
  'contact.identity_changed': event({
    summary:
      'The security code of a contact has changed: it has set up WhatsApp anew, or somebody else has its number now.',
    data: Type.Object(person),
    example: EXAMPLE_IDENTITY,
    keep: 'log',
  }),
};
