import { type Static, Type } from 'typebox';
import { nullable } from './schema.ts';

/** Who (or which group) is behind a jid. */
export const IdentitySchema = Type.Object({
  contactId: nullable(
    Type.String({
      format: 'uuid',
      description: 'The same for all names of the person. `null` for groups, and for whom no session has met yet.',
    }),
  ),
  phoneNumber: nullable(
    Type.String({ description: 'With +, where WhatsApp has told it.', examples: ['+15551234567'] }),
  ),
  lid: nullable(Type.String({ description: 'The name that hides the number.', examples: ['212345678901234@lid'] })),
  jid: Type.String({ description: 'The name under which it stands here.', examples: ['15551234567@s.whatsapp.net'] }),
  name: nullable(
    Type.String({ description: 'The saved name, else the one that the person or business gives itself.' }),
  ),
});
export type Identity = Static<typeof IdentitySchema>;

/** For descriptions of the API and of events. */
export const EXAMPLE_IDENTITY: Identity = {
  contactId: '01a1fe67-59c3-7e76-818f-224716029ae0',
  phoneNumber: '+15551234567',
  lid: '212345678901234@lid',
  jid: '15551234567@s.whatsapp.net',
  name: 'Ann',
};

/** The people of a message, beside its jids. */
export const MessageIdentitiesSchema = Type.Object(
  {
    chat: IdentitySchema,
    from: Type.Optional({ ...IdentitySchema, description: 'Who wrote it.' } as typeof IdentitySchema),
    participant: Type.Optional({ ...IdentitySchema, description: 'In groups: who wrote it.' } as typeof IdentitySchema),
  },
  { description: 'Who is who: `chat`, `from` and, in groups, `participant`, each with all names that are known.' },
);
export type MessageIdentities = Static<typeof MessageIdentitiesSchema>;
