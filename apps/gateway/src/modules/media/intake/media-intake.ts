import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Pool } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import type { MediaStore, WorkFolder } from '@wa-gate/media';
import { type Inspection, MediaRefusedError, type MediaTools } from '@wa-gate/media-tools';
import { findMediaFile, keepMedia, type MediaUsage, type NewMedia, readMediaUsage } from '@wa-gate/messaging';
import { ApiError } from '../../../http/api-error.ts';
import type { Reach } from '../../sessions/index.ts';
import { createBase64Decoder, NotBase64Error } from './base64-decoder.ts';
import type { FileFetcher } from './fetch-file.ts';
import { cleanFileName } from './file-names.ts';
import { notBase64 } from './json-with-files.ts';
import type { RequestFiles } from './request-files.ts';
import { type SpooledFile, spool } from './spooled-file.ts';

/** A file as a request gives it: one of the two, and what is said about it. */
export interface GivenFile {
  url?: string | undefined;
  base64?: string | undefined;
  fileName?: string | undefined;
  mimetype?: string | undefined;
}

/** The way of a file from a request into the media store. */
export interface MediaIntake {
  /**
   * A file of a request in the work folder. Whoever takes it disposes of it.
   *
   * @param field the name of the field, for errors
   */
  spool(given: GivenFile, files: RequestFiles, field: string, maxBytes: number): Promise<SpooledFile>;
  /** What the bytes of a file are; what its caller says about it must fit them. */
  inspect(file: SpooledFile, given: GivenFile, field: string): Promise<Inspection>;
  /**
   * Puts a file into the store, as a media that can be read.
   *
   * @throws {ApiError} MEDIA_QUOTA
   */
  store(
    media: NewMedia,
    file: Pick<SpooledFile, 'path' | 'size' | 'sha256'>,
    usage: MediaUsage,
  ): Promise<{ storageKey: string }>;
  /** All of that for a file that is uploaded by itself. */
  keep(reach: Reach, given: GivenFile, files: RequestFiles): Promise<{ mediaId: string }>;
  /** The same for a file in the work folder. */
  keepSpooled(
    reach: Reach,
    file: SpooledFile,
    given: GivenFile,
    field: string,
    mediaId?: string,
  ): Promise<{ mediaId: string }>;
  /** What the account of the workspace stores, and may. */
  usage(workspaceId: string): Promise<MediaUsage>;
}

export interface MediaIntakeDependencies {
  pool: Pool;
  mediaStore: MediaStore;
  workFolder: WorkFolder;
  tools: Pick<MediaTools, 'inspect'>;
  fetcher: Pick<FileFetcher, 'fetch'>;
  /** Bytes of the largest file of the installation. */
  maxBytes: number;
}

/** Refusals of the tools, with the field. */
export function refusedBy(error: unknown, field: string): unknown {
  if (!(error instanceof MediaRefusedError)) return error;
  const { code, message, details } = error;
  return new ApiError(code, { message: `\`${field}\`: ${message}`, details: { field, ...details } });
}

export function createMediaIntake(deps: MediaIntakeDependencies): MediaIntake {
  const { pool, mediaStore, workFolder, tools, fetcher, maxBytes: installationMaxBytes } = deps;

  async function usageOf(workspaceId: string): Promise<MediaUsage> {
    const usage = await readMediaUsage(pool, workspaceId);
    // The workspace was deleted a moment ago.
    if (!usage) throw new ApiError('UNAUTHENTICATED');
    return { ...usage, maxFileBytes: Math.min(usage.maxFileBytes, installationMaxBytes) };
  }

  async function spoolBase64(text: string, files: RequestFiles, field: string, maxBytes: number): Promise<SpooledFile> {
    const known = files.find(text);
    if (known) return known;
    const decoder = createBase64Decoder();
    try {
      return await spool(workFolder, Readable.from([text], { objectMode: false }).compose(decoder) as Readable, {
        field,
        maxBytes,
      });
    } catch (error) {
      throw error instanceof NotBase64Error ? notBase64(field) : error;
    }
  }

  const intake: MediaIntake = {
    async spool({ url, base64 }, files, field, maxBytes) {
      if (url !== undefined) return await fetcher.fetch(url, { field, maxBytes });
      return await spoolBase64(base64 ?? '', files, field, maxBytes);
    },

    async inspect(file, { url, fileName, mimetype }, field) {
      const said = { fileName: fileName ?? file.fileName, mimetype: mimetype ?? file.mimetype };
      try {
        return await tools.inspect(file.path, said);
      } catch (error) {
        // What a server says of its files is no claim of the caller.
        const isServers = url !== undefined && (error as { code?: string }).code === 'MEDIA_TYPE_MISMATCH';
        if (!isServers) throw refusedBy(error, field);
      }
      try {
        return await tools.inspect(file.path, { fileName, mimetype });
      } catch (error) {
        throw refusedBy(error, field);
      }
    },

    async store(media, { path, size, sha256 }, { storedBytes, maxStoredBytes }) {
      const isNew = (await findMediaFile(pool, media.workspaceId, sha256)) === null;
      if (isNew && storedBytes + size > maxStoredBytes) {
        throw new ApiError('MEDIA_QUOTA', {
          details: { storedBytes, maxStoredBytes, size },
        });
      }
      const put = async (key: string): Promise<void> => {
        const stored = await mediaStore.put(key, createReadStream(path));
        if (stored.sha256.equals(sha256)) return;
        await mediaStore.remove([key]);
        throw new Error(`The file in the work folder has changed while it was stored as ${key}.`);
      };
      return await keepMedia(pool, mediaStore, media, { sha256, size, put });
    },

    async keepSpooled({ workspaceId, sessionId }, file, given, field, mediaId = newId()) {
      const usage = await usageOf(workspaceId);
      const { mimetype, seconds, width, height, animated } = await intake.inspect(file, given, field);
      const facts = {
        ...(seconds !== undefined && { seconds: Math.max(1, Math.round(seconds)) }),
        ...(width !== undefined && { width }),
        ...(height !== undefined && { height }),
        ...(animated && { animated }),
      };
      const fileName = (given.fileName && cleanFileName(given.fileName)) ?? file.fileName ?? null;
      await intake.store(
        { id: mediaId, workspaceId, sessionId: sessionId ?? null, direction: 'upload', mimetype, fileName, facts },
        file,
        usage,
      );
      return { mediaId };
    },

    async keep(reach, given, files) {
      const field = given.url === undefined ? 'base64' : 'url';
      const { maxFileBytes } = await usageOf(reach.workspaceId);
      const file = await intake.spool(given, files, field, maxFileBytes);
      try {
        return await intake.keepSpooled(reach, file, given, file.field ?? field);
      } finally {
        await file[Symbol.asyncDispose]();
      }
    },

    usage: usageOf,
  };
  return intake;
}
