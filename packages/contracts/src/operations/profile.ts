import { Type } from 'typebox';
import { BusinessProfileSchema } from '../contacts.ts';
import { IdentitySchema } from '../identities.ts';
import { line, nullable, timestamp } from '../schema.ts';
import { CONNECTION_ERRORS, defineOperation, definePresented } from './operation.ts';
import { PICTURE_CHANGE } from './picture-change.ts';

const tag = 'Profile and privacy';
const TIMEOUT_MS = 30_000;

/** Characters, as phones limit them. */
const MOST = { name: 25, about: 139, businessText: 512, address: 256, email: 128, website: 256, websites: 2 } as const;

const about = {
  about: nullable(Type.String({ description: 'The text below the name; `null`: none, or hidden from this account.' })),
  aboutSetAt: nullable(timestamp('When it was set, where WhatsApp says so.')),
};
const pictureUrl = nullable(Type.String({ description: "At WhatsApp's server; it ends after some days." }));
const { phoneNumber, lid, jid } = IdentitySchema.properties;

/** Several lines of text, without what PostgreSQL and phones cannot show. */
const text = (maxLength: number, description: string) =>
  Type.String({ maxLength, pattern: '^[^\\u0000-\\u0008\\u000b-\\u001f\\ud800-\\udfff]*$', description });

const business = {
  description: Type.Optional(text(MOST.businessText, 'What the business is; empty takes it away.')),
  address: Type.Optional(text(MOST.address, 'Where it is.')),
  email: Type.Optional(Type.String({ maxLength: MOST.email, pattern: '^([^\\s@]+@[^\\s@]+)?$' })),
  websites: Type.Optional(
    Type.Array(Type.String({ maxLength: MOST.website, pattern: '^https?://\\S+$' }), {
      maxItems: MOST.websites,
      description: 'All that it has from now on.',
    }),
  ),
};

/** The account as others see it. */
export const profile = {
  'profile.get': defineOperation({
    method: 'GET',
    path: '/sessions/:id/profile',
    tag,
    summary: 'The profile of the account',
    description: 'Name, about, picture and, of a business, what it says of itself: as WhatsApp says now.',
    permission: 'logs.view',
    input: {},
    answer: Type.Object({
      phoneNumber,
      lid,
      jid,
      name: nullable(Type.String({ description: 'As others see it; `null` until WhatsApp has told it.' })),
      ...about,
      pictureUrl,
      isBusiness: Type.Boolean(),
      business: nullable(BusinessProfileSchema),
    }),
    errors: CONNECTION_ERRORS,
    repeat: 'safe',
    cost: 3,
    examples: [{}],
  }),
  'profile.setName': defineOperation({
    method: 'PUT',
    path: '/sessions/:id/profile/name',
    tag,
    summary: 'Change the name of the account',
    description: 'The name that stands beside its messages for people who have not saved its number.',
    permission: 'system.manage',
    audit: 'profile.name_changed',
    input: {
      name: line({ minLength: 1, maxLength: MOST.name, pattern: '^(?=.*\\S)[^\\u0000-\\u001f\\ud800-\\udfff]*$' }),
    },
    answer: Type.Object({ name: Type.String() }),
    errors: CONNECTION_ERRORS,
    // The same name a second time is the same name.
    repeat: 'safe',
    cost: 2,
    timeoutMs: TIMEOUT_MS,
    examples: [{ name: 'Ann’s shop' }],
  }),
  'profile.setAbout': defineOperation({
    method: 'PUT',
    path: '/sessions/:id/profile/about',
    tag,
    summary: 'Change the about text of the account',
    description: 'Who may see it, the privacy settings say.',
    permission: 'system.manage',
    audit: 'profile.about_changed',
    input: { about: text(MOST.about, 'Empty takes it away.') },
    answer: Type.Object({ about: Type.String() }),
    errors: CONNECTION_ERRORS,
    repeat: 'safe',
    cost: 1,
    examples: [{ about: 'Open from 9 to 5' }],
  }),
  'profile.setPicture': definePresented({
    method: 'PUT',
    path: '/sessions/:id/profile/picture',
    tag,
    summary: 'Change the picture of the account',
    description: PICTURE_CHANGE.description,
    permission: 'system.manage',
    audit: 'profile.picture_changed',
    input: PICTURE_CHANGE.input,
    body: PICTURE_CHANGE.body,
    answer: Type.Object({ pictureId: nullable(Type.String()) }),
    data: Type.Object({ pictureId: nullable(Type.String({ description: 'What WhatsApp calls the new picture.' })) }),
    errors: [...CONNECTION_ERRORS, ...PICTURE_CHANGE.errors],
    repeat: 'safe',
    cost: 1,
    examples: [PICTURE_CHANGE.example],
  }),
  'profile.removePicture': defineOperation({
    method: 'DELETE',
    path: '/sessions/:id/profile/picture',
    tag,
    summary: 'Remove the picture of the account',
    permission: 'system.manage',
    audit: 'profile.picture_removed',
    input: {},
    answer: Type.Object({ pictureId: Type.Null() }),
    errors: CONNECTION_ERRORS,
    repeat: 'safe',
    cost: 1,
    examples: [{}],
  }),
  'profile.setBusiness': defineOperation({
    method: 'PATCH',
    path: '/sessions/:id/profile/business',
    tag,
    summary: 'Change what the business says of itself',
    description:
      'For accounts of WhatsApp Business. Fields that are left out stay as they are; name and category are changed on the phone.',
    permission: 'system.manage',
    audit: 'profile.business_changed',
    input: business,
    objection: (input) =>
      Object.keys(input).length === 0 ? 'Give at least one of description, address, email and websites.' : undefined,
    answer: Type.Object({ business: nullable(BusinessProfileSchema) }),
    errors: CONNECTION_ERRORS,
    repeat: 'safe',
    cost: 2,
    examples: [{ description: 'Flowers and plants', email: 'ann@example.com', websites: ['https://example.com'] }],
  }),
};
