import { Type } from 'typebox';
import { contentOfFile, fileContent, fileFields, forwardedFile } from './files.ts';
import { viewOnce } from './image.ts';
import { defineKind } from './kind.ts';

const song = { url: 'https://example.com/song.mp3' };

export const audio = defineKind({
  summary: 'A sound file, or a voice note.',
  request: {
    ...fileFields,
    voice: Type.Optional(
      Type.Boolean({ description: 'true: a voice note with its waveform. Any audio is converted to Ogg/Opus.' }),
    ),
    viewOnce,
  },
  files: [{ field: 'media', purpose: ({ voice }) => (voice ? 'voice' : 'audio') }],
  refusal: ({ voice, viewOnce: once }) =>
    once && !voice ? 'Of audio, voice notes alone can be heard once: add `"voice": true`.' : undefined,
  content: fileContent,
  stored: ({ media, voice }) => ({ content: { ...contentOfFile(media), ...(voice && { voice: true as const }) } }),
  forwarded: (message) => forwardedFile(message, ['voice']),
  examples: [
    { request: { media: song, voice: true } },
    { request: { media: song } },
    { request: { media: song, voice: true, viewOnce: true } },
    { request: {}, refused: 'VALIDATION' },
    { request: { media: song, viewOnce: true }, refused: 'VALIDATION' },
    { request: { media: song, caption: 'phones show none' }, refused: 'VALIDATION' },
  ],
});
