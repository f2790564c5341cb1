import { Type } from 'typebox';
import { LIMITS } from '../limits.ts';

/** What a file of a message is for: conversions, checks and limits follow from it. */
export type FilePurpose = 'image' | 'video' | 'gif' | 'videoNote' | 'audio' | 'voice' | 'document' | 'sticker';

/** A file as the caller gives it. */
export type MediaSource = { url: string } | { base64: string } | { mediaId: string };

/**
 * A file as the outbox holds it. Its bytes lie in the media store; what phones show beside them was computed when it
 * was taken in.
 */
export interface FileReference {
  mediaId: string;
  /** The key in the media store. */
  storageKey: string;
  /** Base64, of the bytes in the store. */
  sha256: string;
  /** Bytes. */
  size: number;
  mimetype: string;
  fileName?: string;
  /** Whole seconds, 1 or more. */
  seconds?: number;
  /** Pixels, as it is shown. */
  width?: number;
  /** Pixels, as it is shown. */
  height?: number;
  animated?: true;
  /** Base64 of 64 bytes from 0 to 100. */
  waveform?: string;
  /** Base64 of a small JPEG. */
  thumbnail?: string;
}

/** A field of a request that holds a file. It is always called `media`. */
export interface FileField {
  field: 'media';
  /** The list in the request whose entries have the field; absent: the request itself has it. */
  list?: string;
  /** @param holder the object that has the field */
  purpose: (holder: Readonly<Record<string, unknown>>) => FilePurpose;
}

/** One file of a request. */
export interface FilePlace {
  /** As errors name it, such as `items[2].media`. */
  path: string;
  /** The object that has the field. */
  holder: Record<string, unknown>;
  field: FileField['field'];
  purpose: FilePurpose;
}

/** The files of a request, in the order in which they stand in it. */
export function placesOf(files: readonly FileField[], request: Record<string, unknown>): FilePlace[] {
  return files.flatMap(({ field, list, purpose }): FilePlace[] => {
    if (list === undefined) return [{ path: field, holder: request, field, purpose: purpose(request) }];
    const entries = (request[list] ?? []) as Record<string, unknown>[];
    return entries.map((holder, index) => ({
      path: `${list}[${index}].${field}`,
      holder,
      field,
      purpose: purpose(holder),
    }));
  });
}

/** The file of a message: exactly one of the three. */
export const MediaSourceSchema = Type.Unsafe<MediaSource>({
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: {
    url: Type.String({
      format: 'uri',
      pattern: '^https?://',
      maxLength: 4096,
      description: 'Where to fetch the file from. It must be at a public address.',
      examples: ['https://example.com/photo.jpg'],
    }),
    base64: Type.String({
      minLength: 4,
      pattern: '^(?:data:[^,]{0,250};base64,)?[A-Za-z0-9+/=_-]+$',
      description: 'The bytes of the file; a data URL is taken too.',
    }),
    mediaId: Type.String({ format: 'uuid', description: 'A file that was uploaded before.' }),
  },
  description: 'The file: exactly one of `url`, `base64` and `mediaId`.',
  examples: [{ url: 'https://example.com/photo.jpg' }],
});

export const caption = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: LIMITS.caption,
    description: 'The text below the file.',
    examples: ['Before and after'],
  }),
);

/** Fields of every kind with one file. */
export const fileFields = {
  media: MediaSourceSchema,
  mimetype: Type.Optional(
    Type.String({
      pattern: '^[\\w.+-]+/[\\w.+-]+(?:;.*)?$',
      maxLength: 255,
      description: 'What the file is said to be. Its bytes decide; a claim that they refute is refused.',
      examples: ['image/jpeg'],
    }),
  ),
  fileName: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^[^\\u0000-\\u001f/\\\\]*$',
      description: 'Its name, as phones show it for documents.',
      examples: ['invoice-2026-01.pdf'],
    }),
  ),
};

/** `message.content` of a file. */
export const fileContent = {
  mediaId: Type.Optional(Type.String({ format: 'uuid' })),
  mimetype: Type.Optional(Type.String()),
  size: Type.Optional(Type.Integer({ description: 'Bytes.' })),
  fileName: Type.Optional(Type.String()),
  seconds: Type.Optional(Type.Integer()),
  width: Type.Optional(Type.Integer({ description: 'Pixels.' })),
  height: Type.Optional(Type.Integer({ description: 'Pixels.' })),
  voice: Type.Optional(Type.Literal(true, { description: 'A voice note.' })),
  gif: Type.Optional(Type.Literal(true, { description: 'A video that plays over and over, without sound.' })),
  videoNote: Type.Optional(Type.Literal(true, { description: 'A round video.' })),
  animated: Type.Optional(Type.Literal(true, { description: 'A sticker that moves.' })),
};

/** What of `message.content` follows from the file itself. */
export function contentOfFile({ mediaId, mimetype, size, fileName, seconds, width, height, animated }: FileReference) {
  return {
    mediaId,
    mimetype,
    size,
    ...(fileName !== undefined && { fileName }),
    ...(seconds !== undefined && { seconds }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(animated && { animated }),
  };
}

/** Members of the content that say how a file is shown; the request has them under the same names. */
type ShownAs = 'voice' | 'gif' | 'videoNote' | 'fileName';

/** The fields of a request that sends the file of a stored message once more; `undefined`: it has none. */
export function forwardedFile(
  {
    text,
    content,
    media,
  }: {
    text: string | null;
    content: Readonly<Record<string, unknown>> | null;
    media: { mediaId: string } | null;
  },
  shownAs: readonly ShownAs[] = [],
) {
  if (!media) return undefined;
  const shown = shownAs.flatMap((name) => (content?.[name] ? [[name, content[name]] as const] : []));
  return { media: { mediaId: media.mediaId }, ...(text && { caption: text }), ...Object.fromEntries(shown) };
}
