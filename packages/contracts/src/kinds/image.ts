import { Type } from 'typebox';
import { LIMITS } from '../limits.ts';
import { caption, contentOfFile, fileContent, fileFields, forwardedFile } from './files.ts';
import { defineKind } from './kind.ts';

const photo = { url: 'https://example.com/photo.jpg' };

/** A picture or a video that phones show once. */
export const viewOnce = Type.Optional(
  Type.Boolean({ description: 'true: the recipient can open it once. WhatsApp keeps it from linked devices.' }),
);

export const image = defineKind({
  summary: 'A picture.',
  request: { ...fileFields, caption, viewOnce },
  files: [{ field: 'media', purpose: () => 'image' }],
  content: fileContent,
  stored: ({ media, caption: text }) => ({ ...(text && { text }), content: contentOfFile(media) }),
  forwarded: (message) => forwardedFile(message),
  examples: [
    { request: { media: photo, caption: 'Before and after' } },
    { request: { media: photo } },
    { request: { media: photo, caption: 'two\nlines, *bold* and 👋🏽', mimetype: 'image/jpeg' } },
    { request: { media: photo, viewOnce: true } },
    { request: {}, refused: 'VALIDATION' },
    { request: { media: {} }, refused: 'VALIDATION' },
    { request: { media: { base64: 'data:image/png,AAAA' } }, refused: 'VALIDATION' },
    { request: { media: { ...photo, base64: 'AAAA' } }, refused: 'VALIDATION' },
    { request: { media: { url: 'ftp://example.com/photo.jpg' } }, refused: 'VALIDATION' },
    { request: { media: photo, caption: 'x'.repeat(LIMITS.caption + 1) }, refused: 'VALIDATION' },
    { request: { media: photo, gif: true }, refused: 'VALIDATION' },
  ],
});
