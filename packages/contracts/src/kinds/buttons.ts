import { Type } from 'typebox';
import { NOT_BLANK } from '../schema.ts';
import { defineKind } from './kind.ts';

const button = Type.Object(
  {
    id: Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'Yours; comes back in the answer.',
      examples: ['yes'],
    }),
    text: Type.String({ minLength: 1, maxLength: 64, pattern: NOT_BLANK, examples: ['Yes'] }),
  },
  { additionalProperties: false },
);

const decoration = {
  title: Type.Optional(Type.String({ minLength: 1, maxLength: 60, pattern: NOT_BLANK })),
  footer: Type.Optional(Type.String({ minLength: 1, maxLength: 60, pattern: NOT_BLANK })),
};
const ids = (items: readonly { id: string }[]) => new Set(items.map(({ id }) => id)).size;

const SURE = {
  text: 'Are you sure?',
  buttons: [
    { id: 'yes', text: 'Yes' },
    { id: 'no', text: 'No' },
  ],
};
const ROWS = [
  { id: 'm', title: 'Margherita', description: 'Tomatoes' },
  { id: 'f', title: 'Funghi' },
];
const MENU = { text: 'What would you like?', button: 'Menu', sections: [{ title: 'Pizza', rows: ROWS }] };

/** What can be chosen from, above its choices. */
const words = Type.String({ minLength: 1, maxLength: 1024, pattern: NOT_BLANK, examples: [SURE.text] });

export const buttons = defineKind({
  summary:
    'A text with buttons. Best effort: WhatsApp keeps these for its Business Platform, and phones may not show them. A poll is shown everywhere.',
  request: { text: words, ...decoration, buttons: Type.Array(button, { minItems: 1, maxItems: 3 }) },
  content: { ...decoration, buttons: Type.Array(button) },
  stored: ({ text, ...content }) => ({ text, content }),
  refusal: ({ buttons: given }) => (ids(given) === given.length ? undefined : 'Each button needs an `id` of its own.'),
  examples: [
    { request: SURE },
    { request: { ...SURE, title: 'Order 4711', footer: 'We ask once' } },
    { request: { ...SURE, buttons: [] }, refused: 'VALIDATION' },
    { request: { ...SURE, buttons: [SURE.buttons[0], SURE.buttons[0]] }, refused: 'VALIDATION' },
    { request: { buttons: SURE.buttons }, refused: 'VALIDATION' },
  ],
});

const row = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 256, description: 'Yours; comes back in the answer.', examples: ['m'] }),
    title: Type.String({ minLength: 1, maxLength: 64, pattern: NOT_BLANK, examples: ['Margherita'] }),
    description: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  },
  { additionalProperties: false },
);
const section = Type.Object(
  {
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 64, pattern: NOT_BLANK })),
    rows: Type.Array(row, { minItems: 1, maxItems: 10 }),
  },
  { additionalProperties: false },
);
const listing = {
  ...decoration,
  button: Type.String({
    minLength: 1,
    maxLength: 20,
    pattern: NOT_BLANK,
    description: 'Opens the list.',
    examples: ['Menu'],
  }),
  sections: Type.Array(section, { minItems: 1, maxItems: 10 }),
};
const MAX_ROWS = 10;

export const list = defineKind({
  summary:
    'A list to choose one row from. Best effort: WhatsApp keeps these for its Business Platform, and phones may not show them. A poll is shown everywhere.',
  request: { text: words, ...listing },
  content: listing,
  stored: ({ text, ...content }) => ({ text, content }),
  refusal({ sections }) {
    const rows = sections.flatMap((each) => each.rows);
    if (rows.length > MAX_ROWS) return `A list has at most ${MAX_ROWS} rows in all its sections.`;
    if (ids(rows) < rows.length) return 'Each row needs an `id` of its own.';
    const isUntitled = sections.length > 1 && sections.some(({ title }) => title === undefined);
    return isUntitled ? 'With several `sections` each needs a `title`.' : undefined;
  },
  examples: [
    { request: MENU },
    {
      request: {
        ...MENU,
        title: 'Our menu',
        footer: 'Prices at the door',
        sections: [...MENU.sections, { title: 'To drink', rows: [{ id: 'w', title: 'Water' }] }],
      },
    },
    { request: { ...MENU, sections: [] }, refused: 'VALIDATION' },
    { request: { ...MENU, sections: [{ rows: [...ROWS, ROWS[0]!] }] }, refused: 'VALIDATION' },
    {
      request: { ...MENU, sections: [{ rows: ROWS }, { title: 'More', rows: [{ id: 'x', title: 'X' }] }] },
      refused: 'VALIDATION',
    },
    { request: { text: 'a', button: 'b' }, refused: 'VALIDATION' },
  ],
});
