import { type Static, Type } from 'typebox';
import { EXAMPLE_IDENTITY, IdentitySchema } from './identities.ts';
import { PaginationSchema, pageQuery } from './paging.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';

/** Bytes of a CSV file that is imported. */
export const IMPORT_MAX_BYTES = 5 * 1024 * 1024;
/** Rows of a CSV file that is imported. */
export const IMPORT_MAX_ROWS = 20_000;
/** Refused rows that an import names. */
export const IMPORT_MAX_REFUSALS = 100;
/** Numbers of one check. */
export const CHECK_MAX_NUMBERS = 1_000;

const { contactId, phoneNumber, lid, name } = IdentitySchema.properties;

const picture = nullable(
  Type.Object(
    {
      url: Type.String({ description: "At WhatsApp's server; it ends after some days." }),
      checkedAt: timestamp('When WhatsApp named it.'),
    },
    { description: 'The profile picture, where it was asked for (`GET /api/sessions/{id}/contacts/profile`).' },
  ),
);

export const ContactSchema = Type.Object({
  contactId: Type.String({ format: 'uuid', description: 'Stays the same, whatever names are learnt.' }),
  name,
  names: Type.Object({
    saved: nullable(Type.String({ description: 'Given by a user of the workspace.' })),
    book: nullable(Type.String({ description: 'In the address book of a linked phone.' })),
    push: nullable(Type.String({ description: 'What the person calls itself.' })),
    business: nullable(Type.String()),
    verified: nullable(Type.String({ description: 'Of a business, checked by WhatsApp.' })),
  }),
  phoneNumber,
  lid,
  jids: Type.Array(Type.String(), { description: 'All names under which WhatsApp knows it, former numbers included.' }),
  isBusiness: Type.Boolean(),
  picture,
  labels: Type.Array(Type.String(), {
    description: 'Words that users of the workspace, or keyword rules, have given to it.',
  }),
  mergedContactIds: Type.Array(Type.String({ format: 'uuid' }), { description: 'Other ids that find this contact.' }),
  firstSeenAt: timestamp(),
  lastSeenAt: timestamp('In a message from or to it, to ten minutes.'),
});
export type Contact = Static<typeof ContactSchema>;

export const ContactParamsSchema = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 128,
    description: 'The id of a contact, its phone number, or its LID.',
    examples: [EXAMPLE_IDENTITY.contactId!],
  }),
});

export const ListContactsQuerySchema = Type.Object({
  ...pageQuery,
  search: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'A part of a name, of the number or of the LID.' }),
  ),
  sessionId: Type.Optional(
    Type.String({ minLength: 1, maxLength: 100, description: 'Only whom this session has met.' }),
  ),
});
export type ListContactsQuery = Static<typeof ListContactsQuerySchema>;

export const ListContactsResultSchema = Type.Object({
  contacts: Type.Array(ContactSchema),
  pagination: PaginationSchema,
});
export type ListContactsResult = Static<typeof ListContactsResultSchema>;

const savedName = line({ minLength: 1, maxLength: 200, description: 'Shown before all names that WhatsApp tells.' });

export const SaveContactRequestSchema = requestBody(
  {
    phoneNumber: Type.String({ minLength: 5, maxLength: 128, description: 'With the country code, or a LID.' }),
    name: savedName,
  },
  { phoneNumber: '+6281234567890', name: 'Ann' },
);

export const UpdateContactRequestSchema = requestBody(
  { name: nullable(savedName) },
  { name: 'Ann from the shop' },
  '`null` takes the saved name back: then the names that WhatsApp tells are shown.',
);

export const LabelContactRequestSchema = requestBody(
  {
    labels: Type.Array(line({ minLength: 1, maxLength: 63, examples: ['customers'] }), {
      maxItems: 50,
      uniqueItems: true,
      description: 'All that it has from now on.',
    }),
  },
  { labels: ['customers', 'newsletter'] },
);

export const DeleteContactQuerySchema = Type.Object({
  erase: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Also delete the messages of the chats with the person, and the messages that it wrote in groups, and blank them in events.',
    }),
  ),
});

export const DeleteContactResultSchema = Type.Object({
  contactId: contactId,
  deleted: Type.Literal(true),
  erasedMessages: Type.Integer({ description: 'How many messages were deleted; 0 without `erase`.' }),
});
export type DeleteContactResult = Static<typeof DeleteContactResultSchema>;

/** Why a row of an import is refused, for programs and for pages in other languages. */
export const CONTACT_ROW_PROBLEMS = [
  'no_name',
  'long_name',
  'unprintable_name',
  'is_group',
  'no_number',
  'leading_zero',
  'no_country_code',
  'wrong_length',
  'unknown_country_code',
  'bad_jid',
] as const;
export type ContactRowProblem = (typeof CONTACT_ROW_PROBLEMS)[number];

export const ImportContactsResultSchema = Type.Object({
  imported: Type.Integer({ description: 'Rows that were saved.' }),
  refused: Type.Integer({ description: 'Rows that were not.' }),
  refusals: Type.Array(
    Type.Object({
      line: Type.Integer(),
      problem: oneOf(CONTACT_ROW_PROBLEMS, 'What is wrong, for programs.'),
      reason: Type.String({ description: 'The same as a sentence for people.' }),
    }),
    { description: `The first ${IMPORT_MAX_REFUSALS} of these, by their line in the file.` },
  ),
});
export type ImportContactsResult = Static<typeof ImportContactsResultSchema>;

export const NumberCheckSchema = Type.Object({
  number: Type.String({ description: 'As it was asked for.' }),
  isOnWhatsApp: Type.Boolean(),
  jid: nullable(Type.String({ description: 'The name that WhatsApp answers with: it may be another spelling.' })),
  lid,
  contactId,
  checkedAt: timestamp('When WhatsApp said so.'),
  ageSeconds: Type.Integer(),
});
export type NumberCheck = Static<typeof NumberCheckSchema>;

export const CheckNumbersResultSchema = Type.Object({ numbers: Type.Array(NumberCheckSchema) });

export const LidSchema = Type.Object({
  ...IdentitySchema.properties,
  source: oneOf(['contacts', 'whatsapp'], 'Who says it: the contacts of the workspace, or WhatsApp now.'),
});
export type Lid = Static<typeof LidSchema>;

export const LidParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100 }),
  lid: Type.String({ pattern: '^\\d{5,20}(@lid)?$', examples: ['212345678901234'] }),
});

/** What a business says of itself. */
export const BusinessProfileSchema = Type.Object({
  description: nullable(Type.String()),
  category: nullable(Type.String()),
  email: nullable(Type.String()),
  address: nullable(Type.String()),
  websites: Type.Array(Type.String()),
});

export const ContactProfileSchema = Type.Object({
  ...IdentitySchema.properties,
  pictureUrl: nullable(
    Type.String({ description: "At WhatsApp's server; it ends after some days. `null`: it has none, or hides it." }),
  ),
  isBusiness: Type.Boolean(),
  business: nullable(BusinessProfileSchema),
  checkedAt: timestamp('When WhatsApp said so.'),
  ageSeconds: Type.Integer(),
});
export type ContactProfile = Static<typeof ContactProfileSchema>;
