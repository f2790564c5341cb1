import { Type } from 'typebox';
import { LIMITS } from '../limits.ts';
import { NOT_BLANK } from '../schema.ts';
import { defineKind } from './kind.ts';

const option = Type.String({ minLength: 1, maxLength: LIMITS.pollOption, pattern: NOT_BLANK });
const LUNCH = { name: 'Lunch at noon?', options: ['Yes', 'No', 'Later'] };

export const poll = defineKind({
  summary: 'A poll. Votes are in GET /api/messages/{id}/votes, and come as `poll.vote`.',
  request: {
    name: Type.String({ minLength: 1, maxLength: LIMITS.pollName, pattern: NOT_BLANK, examples: [LUNCH.name] }),
    options: Type.Array(option, {
      minItems: 2,
      maxItems: LIMITS.pollOptions,
      uniqueItems: true,
      description: 'All different: a vote names an option by what it says.',
      examples: [LUNCH.options],
    }),
    selectableCount: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LIMITS.pollOptions,
        description: 'How many options one person may choose. Default: 1; 0: any number.',
      }),
    ),
    announcement: Type.Optional(
      Type.Boolean({ description: 'true: the form for the announcement group of a community.' }),
    ),
  },
  aliases: { name: 'question' },
  content: {
    options: Type.Array(Type.String()),
    selectableCount: Type.Integer({ description: '0: any number.' }),
    announcement: Type.Optional(Type.Literal(true)),
    quiz: Type.Optional(Type.Literal(true)),
    correctAnswer: Type.Optional(Type.String({ description: 'Of a quiz.' })),
  },
  stored: ({ name, options, selectableCount = 1, announcement }) => ({
    text: name,
    content: { options, selectableCount, ...(announcement && { announcement: true as const }) },
  }),
  /** A quiz has an answer that only its author knows, and a forward of it would have none. */
  forwarded({ text, content }) {
    const { options, selectableCount, quiz } = (content ?? {}) as Partial<{
      options: string[];
      selectableCount: number;
      quiz: true;
    }>;
    return text && options && !quiz ? { name: text, options, selectableCount: selectableCount ?? 1 } : undefined;
  },
  refusal: ({ options, selectableCount = 1 }) =>
    selectableCount <= options.length ? undefined : '`selectableCount` is larger than the number of `options`.',
  examples: [
    { request: LUNCH },
    { request: { ...LUNCH, selectableCount: 0 } },
    { request: { ...LUNCH, selectableCount: 2 } },
    { request: { name: '🍕?\nreally', options: ['👍🏽', 'n,o;'], selectableCount: 1, announcement: true } },
    { request: { name: 'Lunch?', options: ['Yes'] }, refused: 'VALIDATION' },
    { request: { name: 'Lunch?', options: ['Yes', 'Yes'] }, refused: 'VALIDATION' },
    { request: { name: 'Lunch?', options: ['Yes', ''] }, refused: 'VALIDATION' },
    { request: { name: ' ', options: ['Yes', 'No'] }, refused: 'VALIDATION' },
    { request: { options: ['Yes', 'No'] }, refused: 'VALIDATION' },
    { request: { ...LUNCH, selectableCount: 4 }, refused: 'VALIDATION' },
    { request: { ...LUNCH, options: Array.from({ length: 13 }, (_, index) => `${index}`) }, refused: 'VALIDATION' },
  ],
});
