import { caption, contentOfFile, fileContent, fileFields, forwardedFile } from './files.ts';
import { defineKind } from './kind.ts';

const invoice = { url: 'https://example.com/invoice.pdf' };

export const document = defineKind({
  summary: 'A file of any type, with its name.',
  request: { ...fileFields, caption },
  files: [{ field: 'media', purpose: () => 'document' }],
  content: fileContent,
  stored: ({ media, caption: text, fileName }) => ({
    ...(text && { text }),
    content: { ...contentOfFile(media), ...(fileName !== undefined && { fileName }) },
  }),
  forwarded: (message) => forwardedFile(message, ['fileName']),
  examples: [
    { request: { media: invoice, fileName: 'invoice-2026-01.pdf', caption: 'Due on Friday' } },
    { request: { media: invoice, fileName: 'Rechnung für März – 請求書 📄.pdf' } },
    { request: { media: invoice } },
    { request: {}, refused: 'VALIDATION' },
    { request: { media: invoice, fileName: '' }, refused: 'VALIDATION' },
    { request: { media: invoice, fileName: '../../etc/passwd' }, refused: 'VALIDATION' },
    { request: { media: invoice, viewOnce: true }, refused: 'VALIDATION' },
  ],
});
