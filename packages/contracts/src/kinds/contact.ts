import { type Static, Type } from 'typebox';
import { line, NOT_BLANK, oneOf } from '../schema.ts';
import { defineKind } from './kind.ts';
import { type Card, PHONE_LABELS, readVcard, writeVcard } from './vcard.ts';

const label = Type.Optional(oneOf(PHONE_LABELS, 'Default: mobile.'));
const short = (example: string) => Type.Optional(line({ minLength: 1, maxLength: 256, examples: [example] }));

/** The fields of a card in requests and in content. */
const fields = {
  emails: Type.Optional(
    Type.Array(line({ minLength: 3, maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$' }), { maxItems: 20 }),
  ),
  organization: short('Example Ltd'),
  title: short('Head of sales'),
  url: Type.Optional(Type.String({ format: 'uri', pattern: '^https?://', maxLength: 2048 })),
};

const GivenCardSchema = Type.Object(
  {
    name: Type.Optional(line({ minLength: 1, maxLength: 256, pattern: NOT_BLANK, examples: ['Ann Example'] })),
    phones: Type.Optional(
      Type.Array(
        Type.Object(
          {
            number: Type.String({
              pattern: '^\\+?[0-9](?:[ ().-]?[0-9]){4,19}$',
              maxLength: 40,
              description: 'International: the country code first, with or without +.',
              examples: ['+6281234567890'],
            }),
            label,
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 20 },
      ),
    ),
    ...fields,
    vcard: Type.Optional(
      Type.String({
        maxLength: 65_536,
        pattern: '^\\s*BEGIN:VCARD[\\s\\S]*END:VCARD\\s*$',
        description: 'A whole vCard instead of the other fields; `name` may stand beside it.',
      }),
    ),
  },
  { additionalProperties: false },
);
type GivenCard = Static<typeof GivenCardSchema>;

const CardSchema = Type.Object({
  name: Type.String({ description: 'As phones show it.' }),
  vcard: Type.String({ description: 'The whole card.' }),
  phones: Type.Optional(
    Type.Array(
      Type.Object({
        number: Type.String({ description: 'As the card has it.' }),
        waId: Type.Optional(Type.String({ description: 'Digits of the number at WhatsApp.' })),
        label,
      }),
    ),
  ),
  emails: Type.Optional(Type.Array(Type.String())),
  organization: Type.Optional(Type.String()),
  title: Type.Optional(Type.String()),
  url: Type.Optional(Type.String()),
});
type ContactCard = Static<typeof CardSchema>;

/** Cards of one message. */
const MAX_CARDS = 100;
const MAX_TITLE = 256;

/** A card as it goes out, and as it is shown: its name, its vCard, and the fields that can be read from that. */
export function cardOf(vcard: string, name?: string | null): ContactCard {
  const { name: named, ...read } = readVcard(vcard);
  return { name: name || named || '', vcard, ...read };
}

/** The cards of a request. */
export const cardsOf = (contacts: readonly GivenCard[]): ContactCard[] =>
  contacts.map(({ vcard, phones, ...card }) =>
    cardOf(vcard ?? writeVcard({ ...card, ...phonesOf(phones) } as Card), card.name),
  );

/** Digits alone are what WhatsApp finds a number by. */
function phonesOf(phones: GivenCard['phones']) {
  if (!phones) return {};
  return {
    phones: phones.map(({ number, label: given }) => {
      const waId = number.replace(/\D/g, '');
      return { number: `+${waId}`, waId, ...(given && { label: given }) };
    }),
  };
}

/** What phones show above the cards. */
export const titleOf = (cards: readonly ContactCard[]): string =>
  cards
    .map(({ name }) => name)
    .join(', ')
    .slice(0, MAX_TITLE)
    .replace(/[\ud800-\udbff]$/, '');

function problemOf(contact: GivenCard): string | undefined {
  const { name, vcard, ...rest } = contact;
  if (vcard === undefined) {
    if (name === undefined) return 'A contact needs `name`, or a `vcard` that has one.';
    return rest.phones || rest.emails ? undefined : 'A contact needs `phones` or `emails`, or a whole `vcard`.';
  }
  if (Object.keys(rest).length > 0)
    return 'Give a contact as `vcard` or by its fields; beside `vcard` stands `name` alone.';
  return cardOf(vcard, name).name ? undefined : 'The `vcard` has no name (FN or N). Give it there, or as `name`.';
}

const ANN = { name: 'Ann Example', phones: [{ number: '+6281234567890' }] };
const VCARD = 'BEGIN:VCARD\nVERSION:3.0\nFN:Bob\nTEL;type=WORK;waid=15551234567:+1 555-123-4567\nEND:VCARD';

export const contact = defineKind({
  summary: 'Contact cards: one or several.',
  request: { contacts: Type.Array(GivenCardSchema, { minItems: 1, maxItems: MAX_CARDS }) },
  content: { contacts: Type.Array(CardSchema) },
  stored({ contacts }) {
    const cards = cardsOf(contacts);
    return { text: titleOf(cards), content: { contacts: cards } };
  },
  refusal: ({ contacts }) => contacts.map(problemOf).find(Boolean),
  forwarded({ content }) {
    const cards = (content?.contacts ?? []) as { name?: string; vcard?: string }[];
    const given = cards.flatMap(({ name, vcard }) => (vcard ? [{ ...(name && { name }), vcard }] : []));
    return given.length > 0 && given.length === cards.length ? { contacts: given } : undefined;
  },
  examples: [
    { request: { contacts: [ANN] } },
    {
      request: {
        contacts: [
          {
            name: 'Ann; née "Other", \\ 👩‍💻',
            phones: [{ number: '62 812-3456-7890', label: 'work' }, { number: '+15551234567' }],
            emails: ['ann@example.com'],
            organization: 'Example, Sons; Daughters',
            title: 'Head of sales',
            url: 'https://example.com/ann',
          },
          { vcard: VCARD },
        ],
      },
    },
    { request: { contacts: [{ name: 'Called so here', vcard: VCARD }, ANN] } },
    { request: { contacts: [] }, refused: 'VALIDATION' },
    { request: { contacts: [{ name: 'Nobody' }] }, refused: 'VALIDATION' },
    { request: { contacts: [{ phones: [{ number: '+6281234567890' }] }] }, refused: 'VALIDATION' },
    { request: { contacts: [{ name: 'Ann', phones: [{ number: 'call me' }] }] }, refused: 'VALIDATION' },
    { request: { contacts: [{ vcard: 'Ann, +6281234567890' }] }, refused: 'VALIDATION' },
    { request: { contacts: [{ vcard: 'BEGIN:VCARD\nVERSION:3.0\nEND:VCARD' }] }, refused: 'VALIDATION' },
    { request: { contacts: [{ ...ANN, vcard: VCARD }] }, refused: 'VALIDATION' },
    { request: { contacts: ANN }, refused: 'VALIDATION' },
  ],
});
