import { type Static, Type } from 'typebox';
import { CursorPaginationSchema, cursorQuery } from './paging.ts';
import { line, nullable, oneOf, requestBody, timestamp } from './schema.ts';

export const MEDIA_DIRECTIONS = ['upload', 'inbound'] as const;
export const STORED_MEDIA_STATUSES = ['pending', 'ready', 'expired', 'failed'] as const;

/** Seconds for which a signed URL works. */
export const SIGNED_URL_SECONDS = { default: 3_600, max: 7 * 86_400 } as const;
/** Characters of a file's name. */
export const FILE_NAME_MAX = 255;

/** A file in the media store. */
export const StoredMediaSchema = Type.Object({
  mediaId: Type.String({ format: 'uuid' }),
  direction: oneOf(MEDIA_DIRECTIONS, '`upload`: it came through the API. `inbound`: it came in a message.'),
  status: oneOf(
    STORED_MEDIA_STATUSES,
    '`ready`: its bytes can be read. `pending`: they are being fetched from WhatsApp. `expired`: they are gone. `failed`: see `error`.',
  ),
  sessionId: nullable(Type.String({ description: 'The session that it belongs to; null: the whole workspace.' })),
  messageId: nullable(Type.String({ description: 'The message that it goes with, and is deleted with.' })),
  mimetype: nullable(Type.String({ description: 'The type of its bytes.', examples: ['image/jpeg'] })),
  size: nullable(Type.Integer({ description: 'Bytes.' })),
  sha256: nullable(Type.String({ description: 'Of its bytes, hexadecimal.' })),
  fileName: nullable(Type.String({ examples: ['invoice.pdf'] })),
  seconds: Type.Optional(Type.Integer({ description: 'Of audio and video.' })),
  width: Type.Optional(Type.Integer({ description: 'Pixels.' })),
  height: Type.Optional(Type.Integer({ description: 'Pixels.' })),
  animated: Type.Optional(Type.Literal(true)),
  error: Type.Optional(Type.Object({ code: Type.String(), message: nullable(Type.String()) })),
  createdAt: timestamp(),
  expiresAt: nullable(timestamp('When its bytes are removed, by the retention of the tier.')),
});
export type StoredMedia = Static<typeof StoredMediaSchema>;

export const MediaParamsSchema = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 100, description: 'The `mediaId`.' }),
});

export const ListMediaQuerySchema = Type.Object({
  ...cursorQuery,
  sessionId: Type.Optional(Type.String({ maxLength: 100, description: 'Only what belongs to this session.' })),
  direction: Type.Optional(oneOf(MEDIA_DIRECTIONS)),
  status: Type.Optional(oneOf(STORED_MEDIA_STATUSES)),
});
export type ListMediaQuery = Static<typeof ListMediaQuerySchema>;
export const ListMediaResultSchema = Type.Object({
  media: Type.Array(StoredMediaSchema),
  pagination: CursorPaginationSchema,
});
export type ListMediaResult = Static<typeof ListMediaResultSchema>;

export const ListMessageMediaResultSchema = Type.Object({ media: Type.Array(StoredMediaSchema) });

const fileName = line({
  minLength: 1,
  maxLength: FILE_NAME_MAX,
  description: 'Its name, for downloads and documents. Default: what the source calls it.',
  examples: ['invoice.pdf'],
});
const mimetype = Type.String({
  pattern: '^[\\w.+-]+/[\\w.+-]+(?:\\s*;.*)?$',
  maxLength: 255,
  description: 'What it is said to be. The bytes decide: where they are something else, the upload is refused.',
  examples: ['application/pdf'],
});

/**
 * A file as JSON: `url` or `base64`. Files that were sent as `multipart/form-data`, and large ones in base64, are
 * already here under an id when the schema sees the request.
 */
export const CreateMediaRequestSchema = requestBody(
  {
    url: Type.Optional(
      Type.String({
        format: 'uri',
        pattern: '^[Hh][Tt][Tt][Pp][Ss]?://',
        maxLength: 4_096,
        description: 'Where to fetch it from: a public address.',
        examples: ['https://example.com/invoice.pdf'],
      }),
    ),
    base64: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 3_000_000_000,
        description: 'The bytes; a data URL is taken too.',
        examples: ['SGVsbG8='],
      }),
    ),
    fileName: Type.Optional(fileName),
    mimetype: Type.Optional(mimetype),
    sessionId: Type.Optional(
      Type.String({
        maxLength: 100,
        description: 'The session that it is for. Default: that of a session key, else the whole workspace.',
      }),
    ),
  },
  { url: 'https://example.com/invoice.pdf' },
);
export type CreateMediaRequest = Static<typeof CreateMediaRequestSchema>;

/** The body may be absent. */
export const SignMediaUrlRequestSchema = nullable(
  requestBody(
    {
      expiresInSeconds: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: SIGNED_URL_SECONDS.max,
          default: SIGNED_URL_SECONDS.default,
          description: 'How long it works.',
        }),
      ),
    },
    { expiresInSeconds: 600 },
  ),
);
export const SignedMediaUrlSchema = Type.Object({
  url: Type.String({
    description: 'Whoever has it can read the file, without a key. Absolute where the installation has a PUBLIC_URL.',
  }),
  expiresAt: timestamp(),
});
export const DeleteMediaResultSchema = Type.Object({
  mediaId: Type.String({ format: 'uuid' }),
  deleted: Type.Literal(true),
});

/** What accounts store. */
export const MediaUsageSchema = Type.Object({
  storedBytes: Type.Integer({ description: 'Of all workspaces of the account; the same bytes count once in each.' }),
  files: Type.Integer(),
  maxStoredBytes: Type.Integer({ description: 'What the tier allows in all.' }),
  maxFileBytes: Type.Integer({ description: 'What the tier, or the installation, allows for one file.' }),
  retentionDays: Type.Integer({ description: 'Days after which files are removed.' }),
});

export const ContentQuerySchema = Type.Object({
  download: Type.Optional(
    Type.Boolean({ description: 'true: browsers save it instead of showing it, whatever it is.' }),
  ),
});
export const SignedContentQuerySchema = Type.Object({
  expires: Type.String({ pattern: '^[0-9]{1,12}$' }),
  signature: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
  ...ContentQuerySchema.properties,
});

/** An upload in parts that is not complete. */
export const ResumableUploadSchema = Type.Object({
  uploadId: Type.String({ format: 'uuid' }),
  offset: Type.Integer({ description: 'Bytes that are here.' }),
  length: Type.Integer({ description: 'Bytes in all.' }),
  expiresAt: timestamp(),
});
export type ResumableUpload = Static<typeof ResumableUploadSchema>;
