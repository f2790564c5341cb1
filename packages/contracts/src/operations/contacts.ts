import { Type } from 'typebox';
import {
  BusinessProfileSchema,
  CHECK_MAX_NUMBERS,
  CheckNumbersResultSchema,
  ContactProfileSchema,
  LidSchema,
} from '../contacts.ts';
import { IdentitySchema } from '../identities.ts';
import { line, nullable, oneOf, timestamp } from '../schema.ts';
import { CONNECTION_ERRORS, definePresented } from './operation.ts';
import { EXAMPLE_JID, personJid, personText } from './person.ts';

/** Milliseconds for a check of many numbers. */
const CHECK_TIMEOUT_MS = 45_000;

const digits = Type.String({ pattern: '^\\d{5,20}$' });

const aboutOf = Type.Object({
  about: nullable(Type.String()),
  setAt: nullable(timestamp('When it was set, where WhatsApp says so.')),
});
const pictureSize = oneOf(['full', 'preview'] as const, '`preview`: small, for lists.');
const pictureOf = Type.Object({
  url: nullable(Type.String({ description: "At WhatsApp's server; it ends after some days." })),
});
const bookName = line({ minLength: 1, maxLength: 100, examples: ['Ann'] });

export const contacts = {
  'contacts.check': definePresented({
    method: 'GET',
    path: '/sessions/:id/contacts/check',
    summary: 'Whether numbers are on WhatsApp',
    description:
      'Up to 1 000 numbers. What WhatsApp said in the last day is not asked again (`maxAgeSeconds`). The answer has the name that WhatsApp knows a number by, which may be another spelling.',
    permission: 'messages.send',
    input: { numbers: Type.Array(digits, { minItems: 1, maxItems: CHECK_MAX_NUMBERS }) },
    query: Type.Object({
      numbers: Type.String({
        minLength: 5,
        maxLength: 32_000,
        description: 'Separated by commas.',
        examples: ['+6281234567890,+5215512345678'],
      }),
      maxAgeSeconds: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 30 * 86_400, default: 86_400, description: 'How old an answer may be.' }),
      ),
    }),
    answer: Type.Object({
      numbers: Type.Array(
        Type.Object({
          number: digits,
          jid: Type.Optional(Type.String()),
          lid: Type.Optional(Type.String()),
        }),
      ),
    }),
    data: CheckNumbersResultSchema,
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT'],
    repeat: 'safe',
    cost: 5,
    timeoutMs: CHECK_TIMEOUT_MS,
    examples: [{ numbers: ['6281234567890'] }],
  }),
  'contacts.profile': definePresented({
    method: 'GET',
    path: '/sessions/:id/contacts/profile',
    summary: 'Picture and business profile of a contact',
    description:
      'What WhatsApp said in the last day is not asked again (`maxAgeSeconds`). The picture is shown in the contact, too.',
    permission: 'logs.view',
    input: { jid: Type.String({ pattern: '^\\d{5,20}@(s\\.whatsapp\\.net|lid)$' }) },
    query: Type.Object({
      contact: Type.String({
        minLength: 5,
        maxLength: 128,
        description: 'A phone number, a jid, or the id of a contact.',
        examples: ['+6281234567890'],
      }),
      maxAgeSeconds: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 30 * 86_400, default: 86_400, description: 'How old an answer may be.' }),
      ),
    }),
    answer: Type.Object({
      pictureUrl: nullable(Type.String()),
      business: nullable(BusinessProfileSchema),
    }),
    data: ContactProfileSchema,
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'],
    repeat: 'safe',
    cost: 2,
    examples: [{ jid: '6281234567890@s.whatsapp.net' }],
  }),
  'contacts.about': definePresented({
    method: 'GET',
    path: '/sessions/:id/contacts/about',
    tag: 'Contacts',
    summary: 'The about text of a contact',
    description: 'As WhatsApp says now. `null`: the person has none, or hides it from this account.',
    permission: 'logs.view',
    input: { jid: personJid },
    query: Type.Object({ contact: personText }),
    answer: aboutOf,
    data: Type.Object({ ...IdentitySchema.properties, ...aboutOf.properties }),
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'],
    repeat: 'safe',
    cost: 1,
    examples: [{ jid: EXAMPLE_JID }],
  }),
  'contacts.picture': definePresented({
    method: 'GET',
    path: '/sessions/:id/contacts/picture',
    tag: 'Contacts',
    summary: 'The address of the picture of a contact',
    description: 'As WhatsApp says now. `null`: the person has none, or hides it from this account.',
    permission: 'logs.view',
    input: { jid: personJid, size: pictureSize },
    query: Type.Object({ contact: personText, size: Type.Optional(pictureSize) }),
    answer: pictureOf,
    data: Type.Object({ ...IdentitySchema.properties, ...pictureOf.properties, size: pictureSize }),
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'],
    repeat: 'safe',
    cost: 1,
    examples: [
      { jid: EXAMPLE_JID, size: 'full' },
      { jid: EXAMPLE_JID, size: 'preview' },
    ],
  }),
  'contacts.saveName': definePresented({
    method: 'PUT',
    path: '/sessions/:id/contacts/name',
    tag: 'Contacts',
    summary: 'Save a contact in the address book of the account',
    description:
      'Its phone and its other devices show the name. `null` takes the contact out of the address book. `PATCH /api/contacts/{id}` saves a name for the workspace alone.',
    permission: 'messages.send',
    audit: 'contact.saved_on_phone',
    input: { jid: personJid, name: nullable(bookName) },
    body: Type.Object(
      { contact: personText, name: nullable(bookName) },
      { additionalProperties: false, examples: [{ contact: '+6281234567890', name: 'Ann' }] },
    ),
    answer: Type.Object({ name: nullable(Type.String()) }),
    data: IdentitySchema,
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'],
    // The same name a second time is the same name.
    repeat: 'safe',
    cost: 2,
    examples: [
      { jid: EXAMPLE_JID, name: 'Ann from the shop' },
      { jid: EXAMPLE_JID, name: null },
      // After a removal: phones check that the hash of the address book counts the removed name no more.
      { jid: EXAMPLE_JID, name: 'Ann' },
    ],
  }),
  'contacts.lid': definePresented({
    method: 'GET',
    path: '/sessions/:id/lids',
    summary: 'The LID of a phone number',
    description:
      'As the contacts know it, else as WhatsApp says now. `GET /api/sessions/{id}/lids/{lid}` is the way back.',
    permission: 'messages.send',
    input: { number: digits },
    query: Type.Object({
      phoneNumber: Type.String({ minLength: 5, maxLength: 128, examples: ['+6281234567890'] }),
    }),
    answer: Type.Object({ jid: Type.Optional(Type.String()), lid: Type.Optional(Type.String()) }),
    data: LidSchema,
    errors: [...CONNECTION_ERRORS, 'INVALID_RECIPIENT', 'CONTACT_NOT_FOUND'],
    repeat: 'safe',
    cost: 1,
    examples: [{ number: '6281234567890' }],
  }),
};
