import { Type } from 'typebox';
import { caption, contentOfFile, fileContent, fileFields, forwardedFile } from './files.ts';
import { viewOnce } from './image.ts';
import { defineKind } from './kind.ts';

const clip = { url: 'https://example.com/clip.mp4' };

export const video = defineKind({
  summary: 'A video; a GIF, which plays over and over; or a video note, which is round.',
  request: {
    ...fileFields,
    caption,
    viewOnce,
    gif: Type.Optional(
      Type.Boolean({ description: 'true: it plays over and over without sound, as GIFs do on WhatsApp.' }),
    ),
    videoNote: Type.Optional(Type.Boolean({ description: 'true: a round video note. It has no caption.' })),
  },
  files: [{ field: 'media', purpose: ({ gif, videoNote }) => (gif ? 'gif' : videoNote ? 'videoNote' : 'video') }],
  refusal({ gif, videoNote, viewOnce: once, caption: text }) {
    if (gif && videoNote) return 'Give `gif` or `videoNote`, not both.';
    if (gif && once) return 'A GIF cannot be viewed once: give `gif` or `viewOnce`.';
    if (videoNote && text !== undefined) return 'Phones show no caption with a video note: leave `caption` out.';
    return undefined;
  },
  content: fileContent,
  stored: ({ media, caption: text, gif, videoNote }) => ({
    ...(text && { text }),
    content: {
      ...contentOfFile(media),
      ...(gif && { gif: true as const }),
      ...(videoNote && { videoNote: true as const }),
    },
  }),
  forwarded: (message) => forwardedFile(message, ['gif', 'videoNote']),
  examples: [
    { request: { media: clip, caption: 'The new shop' } },
    { request: { media: clip, gif: true } },
    { request: { media: clip, videoNote: true } },
    { request: { media: clip, viewOnce: true } },
    { request: {}, refused: 'VALIDATION' },
    { request: { media: 'https://example.com/clip.mp4' }, refused: 'VALIDATION' },
    { request: { media: clip, gif: true, videoNote: true }, refused: 'VALIDATION' },
    { request: { media: clip, videoNote: true, caption: 'a caption' }, refused: 'VALIDATION' },
    { request: { media: clip, voice: true }, refused: 'VALIDATION' },
  ],
});
