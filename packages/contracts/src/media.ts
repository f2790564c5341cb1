import { type Static, Type } from 'typebox';
import { nullable, oneOf } from './schema.ts';

/** Types of messages that have a file. */
export const FILE_TYPES = ['image', 'video', 'audio', 'document', 'sticker'] as const;
export type FileType = (typeof FILE_TYPES)[number];

export const MEDIA_STATUSES = ['pending', 'ready', 'expired', 'failed'] as const;

/** What is known of a file beside its bytes. Of a received one its sender has told it. */
export const mediaFacts = {
  seconds: Type.Optional(Type.Integer({ minimum: 0, description: 'Of audio and video.' })),
  width: Type.Optional(Type.Integer({ minimum: 0, description: 'Pixels.' })),
  height: Type.Optional(Type.Integer({ minimum: 0, description: 'Pixels.' })),
  animated: Type.Optional(Type.Literal(true, { description: 'A sticker that moves.' })),
  waveform: Type.Optional(
    Type.String({ description: 'Of a voice note: base64 of up to 64 bytes, each a loudness from 0 to 100.' }),
  ),
  thumbnail: Type.Optional(Type.String({ description: 'A small preview: base64 of a JPEG.' })),
};

/** A file as messages and events show it. */
export const MediaSchema = Type.Object({
  mediaId: Type.String({ format: 'uuid', description: 'What GET /api/media/{id} and /content take.' }),
  status: oneOf(
    MEDIA_STATUSES,
    '`pending`: it is being fetched from WhatsApp, or waits until somebody asks for it. `ready`: its bytes can be read. `expired`: WhatsApp and the phone have it no more. `failed`: see `error`.',
  ),
  mimetype: Type.Optional(Type.String({ examples: ['image/jpeg'] })),
  size: Type.Optional(Type.Integer({ minimum: 0, description: 'Bytes; while it is pending, as its sender says.' })),
  fileName: Type.Optional(Type.String({ examples: ['invoice.pdf'] })),
  ...mediaFacts,
  error: Type.Optional(
    Type.Object({
      code: Type.String({ examples: ['MEDIA_EXPIRED'] }),
      message: nullable(Type.String()),
    }),
  ),
});
export type Media = Static<typeof MediaSchema>;

export const EXAMPLE_MEDIA: Media = {
  mediaId: '01a1fe67-6a41-7c1d-9a6b-53c1f0a8b2d4',
  status: 'pending',
  mimetype: 'image/jpeg',
  size: 84_213,
  width: 1200,
  height: 1600,
};
