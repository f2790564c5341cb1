import { Type } from 'typebox';
import { MediaSourceSchema } from '../kinds/files.ts';

/** Of base64: a JPEG of 640 pixels a side. */
const MAX_CHARACTERS = 400_000;

/** What operations that change a picture have in common. */
export const PICTURE_CHANGE = {
  description:
    'JPEG, PNG, WebP or GIF; the middle square of it becomes a JPEG of 640 x 640 pixels. `base64` is for files below 700 kB.',
  /** The parts of a picture, of which the gateway makes a JPEG. */
  input: { jpeg: Type.String({ maxLength: MAX_CHARACTERS, pattern: '^[A-Za-z0-9+/]+=*$' }) },
  example: { jpeg: '/9j/4AAQSkZJRg==' },
  body: Type.Object(
    { media: MediaSourceSchema },
    { additionalProperties: false, examples: [{ media: { url: 'https://example.com/photo.jpg' } }] },
  ),
  errors: [
    'MEDIA_NOT_FOUND',
    'MEDIA_NOT_READY',
    'MEDIA_EXPIRED',
    'MEDIA_TOO_LARGE',
    'MEDIA_EMPTY',
    'MEDIA_TYPE_MISMATCH',
    'MEDIA_UNREADABLE',
    'MEDIA_UNREACHABLE',
    'MEDIA_URL_FORBIDDEN',
  ],
} as const;
