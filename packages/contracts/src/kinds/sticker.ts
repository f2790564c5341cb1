import { contentOfFile, fileContent, fileFields, forwardedFile } from './files.ts';
import { defineKind } from './kind.ts';

const cat = { url: 'https://example.com/cat.webp' };

export const sticker = defineKind({
  summary: 'A sticker. Pictures, GIFs and short videos are converted to WebP of 512 x 512 pixels.',
  request: fileFields,
  files: [{ field: 'media', purpose: () => 'sticker' }],
  content: fileContent,
  stored: ({ media }) => ({ content: contentOfFile(media) }),
  forwarded: (message) => forwardedFile(message),
  examples: [
    { request: { media: cat } },
    { request: {}, refused: 'VALIDATION' },
    { request: { media: cat, caption: 'phones show none' }, refused: 'VALIDATION' },
  ],
});
