import { type Static, Type } from 'typebox';
import { LIMITS } from '../limits.ts';
import { oneOf } from '../schema.ts';
import { caption, fileFields } from './files.ts';
import { defineKind } from './kind.ts';

const ITEM_TYPES = ['image', 'video'] as const;

const item = Type.Object(
  { type: Type.Optional(oneOf(ITEM_TYPES, 'Default: image.')), ...fileFields, caption },
  { additionalProperties: false },
);

/** Another message that belongs to this one. */
export const MessagePartSchema = Type.Object({
  messageId: Type.String({ format: 'uuid' }),
  waMessageId: Type.String(),
});
/** The ids of a message that was accepted as a part of another one. */
export type MessagePart = Static<typeof MessagePartSchema>;

const pictures = [
  { media: { url: 'https://example.com/before.jpg' }, caption: 'Before' },
  { media: { url: 'https://example.com/after.jpg' }, caption: 'After' },
];
const clip = { type: 'video' as const, media: { url: 'https://example.com/clip.mp4' } };

export const album = defineKind({
  summary:
    'Pictures and videos that phones show together. Each is a message of its own, with its own status; `content.parts` names them.',
  request: {
    items: Type.Array(item, { minItems: 2, maxItems: LIMITS.albumItems, description: 'In the order of the album.' }),
  },
  files: [{ field: 'media', list: 'items', purpose: ({ type }) => (type === 'video' ? 'video' : 'image') }],
  parts({ items }) {
    return {
      // Each file belongs to its own message.
      own: { items: items.map(({ type = 'image' }) => ({ type })) },
      parts: items.map(({ type = 'image', ...fields }) => ({ type, ...fields })),
    };
  },
  content: {
    images: Type.Optional(Type.Integer({ description: 'Pictures in it.' })),
    videos: Type.Optional(Type.Integer({ description: 'Videos in it.' })),
    parts: Type.Optional(
      Type.Array(MessagePartSchema, { description: 'Its messages, in their order; of what was sent here.' }),
    ),
  },
  stored({ items }) {
    const videos = items.filter(({ type }) => type === 'video').length;
    return { content: { images: items.length - videos, videos } };
  },
  examples: [
    { request: { items: pictures } },
    { request: { items: [...pictures, clip] } },
    { request: { items: [] }, refused: 'VALIDATION' },
    { request: { items: pictures.slice(1) }, refused: 'VALIDATION' },
    { request: { items: [...pictures, { type: 'document', media: clip.media }] }, refused: 'VALIDATION' },
    { request: { items: [...pictures, { caption: 'no file' }] }, refused: 'VALIDATION' },
    { request: { items: pictures, caption: 'of the whole' }, refused: 'VALIDATION' },
    { request: { items: Array.from({ length: LIMITS.albumItems + 1 }, () => pictures[0]) }, refused: 'VALIDATION' },
  ],
});
