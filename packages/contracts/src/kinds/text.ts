import { Type } from 'typebox';
import { LIMITS } from '../limits.ts';
import { NOT_BLANK } from '../schema.ts';
import { defineKind } from './kind.ts';

export const text = defineKind({
  summary: 'A text.',
  request: {
    text: Type.String({
      maxLength: LIMITS.messageText,
      pattern: NOT_BLANK,
      examples: ['Hello from API!'],
    }),
  },
  aliases: { text: 'message' },
  content: {},
  stored: (request) => ({ text: request.text }),
  forwarded: ({ text: words }) => (words ? { text: words } : undefined),
  examples: [
    { request: { text: 'Hello from API!' } },
    { request: { text: 'two\nlines, *bold*, 👋🏽 and https://example.com' } },
    { request: {}, refused: 'VALIDATION' },
    { request: { text: '' }, refused: 'VALIDATION' },
    { request: { text: ' \n\t\u00a0' }, refused: 'VALIDATION' },
    { request: { text: 'a', message: 'b' }, refused: 'VALIDATION' },
    { request: { text: 7 }, refused: 'VALIDATION' },
    { request: { text: 'a', latitude: 1 }, refused: 'VALIDATION' },
  ],
});
