import type { Readable } from 'node:stream';
import type { CreateMediaRequest, ListMediaQuery, ListMediaResult, StoredMedia } from '@wa-gate/contracts';
import { LIMITS, SIGNED_URL_SECONDS } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';
import { type ByteRange, MediaMissingError, type MediaStore } from '@wa-gate/media';
import { type MediaUsage, removeUnusedFile } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import type { Reach } from '../sessions/index.ts';
import type { MediaIntake } from './intake/media-intake.ts';
import type { RequestFiles } from './intake/request-files.ts';
import type { MediaRecord, MediaRepository } from './media.repository.ts';
import { presentMedia } from './present-media.ts';
import type { SignedUrls } from './signed-urls.ts';

/** The bytes of a media that is ready, and what an answer with them says. */
export interface MediaContent {
  record: MediaRecord & { storageKey: string; size: number; sha256: Buffer };
  /** @throws {ApiError} MEDIA_EXPIRED when the store has lost them */
  open(range?: ByteRange): Promise<Readable>;
}

export interface MediaService {
  /** Stores a file that came in a request. */
  create(
    actor: Actor,
    reach: Reach,
    request: Omit<CreateMediaRequest, 'sessionId'>,
    files: RequestFiles,
  ): Promise<StoredMedia>;
  list(reach: Reach, query: ListMediaQuery): Promise<ListMediaResult>;
  /** @throws {ApiError} MEDIA_NOT_FOUND */
  get(reach: Reach, id: string): Promise<StoredMedia>;
  ofMessage(messageId: string): Promise<StoredMedia[]>;
  /** @throws {ApiError} MEDIA_NOT_FOUND, MEDIA_NOT_READY, MEDIA_EXPIRED */
  content(reach: Reach, id: string): Promise<MediaContent>;
  /** The same by a signed URL. */
  signedContent(id: string, expires: string, signature: string): Promise<MediaContent>;
  /** Path and query of a URL that works without a key. */
  sign(actor: Actor, reach: Reach, id: string, seconds?: number): Promise<{ path: string; expiresAt: Date }>;
  remove(actor: Actor, reach: Reach, id: string): Promise<void>;
  usage(workspaceId: string): Promise<MediaUsage>;
}

export interface MediaServiceDependencies {
  pool: Pool;
  store: MediaStore;
  media: MediaRepository;
  intake: MediaIntake;
  urls: SignedUrls;
  logger: Logger;
}

/** The parts of the content that there are; what cannot be read is told by its status. */
function readable(record: MediaRecord): MediaContent['record'] {
  if (record.status === 'pending') throw new ApiError('MEDIA_NOT_READY');
  const { storageKey, size, sha256 } = record;
  if (record.status !== 'ready' || storageKey === null || size === null || sha256 === null) {
    throw new ApiError('MEDIA_EXPIRED', {
      ...(record.errorMessage !== null && { message: `The file is not here: ${record.errorMessage}` }),
      details: { status: record.status, ...(record.errorCode !== null && { reason: record.errorCode }) },
    });
  }
  return { ...record, storageKey, size, sha256 };
}

export function createMediaService(deps: MediaServiceDependencies): MediaService {
  const { pool, store, media, intake, urls, logger } = deps;

  async function find(reach: Reach, id: string): Promise<MediaRecord> {
    const record = isUuid(id) ? await media.find(reach, id) : null;
    if (!record) throw new ApiError('MEDIA_NOT_FOUND');
    return record;
  }

  function contentOf(found: MediaRecord): MediaContent {
    const record = readable(found);
    return {
      record,
      async open(range) {
        try {
          return await store.get(record.storageKey, range);
        } catch (error) {
          if (!(error instanceof MediaMissingError)) throw error;
          logger.error({ err: error, mediaId: record.id }, 'the media store has lost a file');
          throw new ApiError('MEDIA_EXPIRED', { message: 'The file is no longer in the media store.', cause: error });
        }
      },
    };
  }

  return {
    async create(actor, reach, request, files) {
      const { mediaId } = await intake.keep(reach, request, files);
      const record = await find(reach, mediaId);
      const { mimetype, size, fileName } = record;
      await writeAudit(pool, actor, {
        action: 'media.uploaded',
        resourceType: 'media',
        resourceId: mediaId,
        after: { mimetype, size, fileName },
      });
      return presentMedia(record);
    },

    async list(reach, { cursor, limit = LIMITS.pageDefault, direction, status }) {
      if (cursor !== undefined && !isUuid(cursor)) {
        throw new ApiError('VALIDATION', {
          message: 'The request is not valid: querystring.cursor is none of ours. Take `pagination.nextCursor`.',
        });
      }
      const rows = await media.list(reach, { direction, status, before: cursor }, limit + 1);
      const page = rows.slice(0, limit);
      const hasMore = rows.length > limit;
      return {
        media: page.map(presentMedia),
        pagination: { nextCursor: hasMore ? page.at(-1)!.id : null, hasMore },
      };
    },

    get: async (reach, id) => presentMedia(await find(reach, id)),
    ofMessage: async (messageId) => (await media.ofMessage(messageId)).map(presentMedia),
    content: async (reach, id) => contentOf(await find(reach, id)),

    async signedContent(id, expires, signature) {
      const verdict = isUuid(id) ? urls.verify(id.toLowerCase(), expires, signature) : 'forged';
      if (verdict === 'expired') {
        throw new ApiError('FORBIDDEN', { message: 'This URL has expired. Ask for a new one.' });
      }
      const record = verdict === 'valid' ? await media.findAnywhere(id) : null;
      if (!record) throw new ApiError('MEDIA_NOT_FOUND');
      return contentOf(record);
    },

    async sign(actor, reach, id, seconds = SIGNED_URL_SECONDS.default) {
      const record = await find(reach, id);
      if (record.status !== 'ready') readable(record);
      const expiresAt = new Date(Math.floor(Date.now() / 1_000) * 1_000 + seconds * 1_000);
      await writeAudit(pool, actor, {
        action: 'media.url_signed',
        resourceType: 'media',
        resourceId: record.id,
        after: { expiresAt: expiresAt.toISOString() },
      });
      return { path: `/api/media/${record.id}/file?${urls.sign(record.id, expiresAt)}`, expiresAt };
    },

    async remove(actor, reach, id) {
      const record = await find(reach, id);
      const { mimetype, size, fileName } = record;
      await pool.query('DELETE FROM media WHERE id = $1', [record.id]);
      await writeAudit(pool, actor, {
        action: 'media.deleted',
        resourceType: 'media',
        resourceId: record.id,
        before: { mimetype, size, fileName },
      });
      // What is left when this fails, the sweep removes.
      if (record.fileId === null) return;
      await removeUnusedFile(pool, store, record.fileId).catch((error: unknown) =>
        logger.warn({ err: error, mediaId: record.id }, 'a deleted file is removed later'),
      );
    },

    usage: (workspaceId) => intake.usage(workspaceId),
  };
}
