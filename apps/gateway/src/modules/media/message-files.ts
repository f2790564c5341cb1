import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type FilePlace, type FileReference, filesOf, type KindName } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { type Logger, newId } from '@wa-gate/kit';
import { createHashingStream, type MediaStore, type WorkFolder } from '@wa-gate/media';
import type { Converted, MediaTools } from '@wa-gate/media-tools';
import { type MediaFacts, removeUnusedFile } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { SessionRef } from '../../principal.ts';
import type { Reach } from '../sessions/index.ts';
import { cleanFileName } from './intake/file-names.ts';
import { type GivenFile, type MediaIntake, refusedBy } from './intake/media-intake.ts';
import type { RequestFiles } from './intake/request-files.ts';
import type { SpooledFile } from './intake/spooled-file.ts';
import type { MediaRecord, MediaRepository } from './media.repository.ts';

/** Whose new files are: those of a session, or of its workspace. */
export type FileOwner = Pick<SessionRef, 'workspaceId'> & { id: string | null };

/** The files of a request, in the media store. */
export interface TakenFiles<R> {
  /** The request with a reference in the place of each file. */
  request: R;
  /** The same with what the caller gave: two requests with the same bytes are the same. */
  identity: R;
  /** The message was not accepted: what was stored for it goes. */
  discard(): Promise<void>;
}

/** Takes in the files of messages before these are accepted. */
export interface MessageFiles {
  /** @throws {ApiError} that names the field; nothing of the request is stored then */
  take<R extends { type: KindName }>(
    owner: FileOwner,
    request: R,
    call: FilesOfCall & ForMessage,
  ): Promise<TakenFiles<R>>;
}

/** What of the call concerns its files. */
export interface FilesOfCall {
  /** The media that the caller may use. */
  reach: Reach;
  /** The files that came inside of it. */
  files: RequestFiles;
}

/**
 * The message that the files are for: those that are made for it are deleted with it. `null`: they are for many, and
 * belong to the workspace like uploaded ones.
 */
interface ForMessage {
  messageId: string | null;
  /** What holds the file in the body of the call, for errors. @default as the request names it */
  field?: string;
}

interface Asked extends FilesOfCall, ForMessage {
  /** The field, for errors. */
  path: string;
}

type ReadyMedia = MediaRecord & { storageKey: string; size: number; sha256: Buffer };

export interface MessageFilesDependencies {
  pool: Pool;
  store: MediaStore;
  workFolder: WorkFolder;
  intake: MediaIntake;
  media: Pick<MediaRepository, 'find'>;
  tools: Pick<MediaTools, 'prepare'>;
  logger: Logger;
}

/** What a field holds: the caller's file, and what is said about it. */
type Given = GivenFile & { mediaId?: string | undefined };

interface Taken {
  reference: FileReference;
  /** Base64, of the bytes that the caller gave. */
  given: string;
  /** Whether the media was made for this message. */
  isNew: boolean;
}

export function createMessageFiles(deps: MessageFilesDependencies): MessageFiles {
  const { pool, store, workFolder, intake, media, tools, logger } = deps;

  async function discard(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    try {
      const { rows } = await pool.query<{ id: string | null }>(
        'DELETE FROM media WHERE id = ANY($1) RETURNING file_id AS id',
        [ids],
      );
      for (const { id } of rows) if (id !== null) await removeUnusedFile(pool, store, id);
    } catch (error) {
      // What is left, the sweeps remove.
      logger.warn({ err: error }, 'files of a message that was not accepted are removed later');
    }
  }

  /** The bytes in the work folder; of a media that was uploaded before, its bytes from the store. */
  async function spooled(given: Given, known: ReadyMedia | null, { reach, files, path }: Asked): Promise<SpooledFile> {
    const { maxFileBytes } = await intake.usage(reach.workspaceId);
    if (!known) return await intake.spool(given, files, path, maxFileBytes);
    const copy = await workFolder.file();
    try {
      await writeFile(copy.path, await store.get(known.storageKey));
    } catch (error) {
      await copy[Symbol.asyncDispose]();
      throw error;
    }
    const { size, sha256, fileName } = known;
    const dispose = () => copy[Symbol.asyncDispose]();
    return { path: copy.path, size, sha256, fileName: fileName ?? undefined, [Symbol.asyncDispose]: dispose };
  }

  async function readyMedia({ reach, path }: Asked, id: string): Promise<ReadyMedia> {
    const record = isUuid(id) ? await media.find(reach, id) : null;
    const details = { field: path };
    if (!record) throw new ApiError('MEDIA_NOT_FOUND', { details });
    if (record.status === 'pending') throw new ApiError('MEDIA_NOT_READY', { details });
    if (record.storageKey === null || record.size === null || record.sha256 === null)
      throw new ApiError('MEDIA_EXPIRED', { details });
    return record as ReadyMedia;
  }

  async function take(session: FileOwner, asked: Asked, { holder, purpose }: FilePlace): Promise<Taken> {
    const { path } = asked;
    const { fileName, mimetype } = holder as GivenFile;
    const given: Given = { ...(holder.media as Given), fileName, mimetype };
    const known = given.mediaId === undefined ? null : await readyMedia(asked, given.mediaId);
    const file = await spooled(given, known, asked);
    const out = await workFolder.file();
    try {
      const named = { fileName: fileName ?? file.fileName, mimetype };
      const prepared = await tools.prepare(purpose, file.path, out.path, named).catch((error: unknown) => {
        throw refusedBy(error, path);
      });
      const bytes = prepared.converted ? { path: out.path, ...(await hashOf(out.path)) } : file;
      const name = fileName === undefined ? file.fileName : cleanFileName(fileName);
      // The media of another message goes with that message; its bytes lie in the store once.
      const kept = prepared.converted || known?.messageId ? null : known;
      const reference = await refer(session, asked, kept, prepared, bytes, name);
      return { reference, given: file.sha256.toString('base64'), isNew: kept === null };
    } finally {
      await Promise.all([out[Symbol.asyncDispose](), file[Symbol.asyncDispose]()]);
    }
  }

  /** Stores what is new, and says where it is. */
  async function refer(
    { workspaceId, id: sessionId }: FileOwner,
    { messageId }: ForMessage,
    kept: ReadyMedia | null,
    prepared: Converted,
    bytes: Pick<SpooledFile, 'path' | 'size' | 'sha256'>,
    fileName: string | undefined,
  ): Promise<FileReference> {
    const { mimetype } = prepared;
    const facts = factsOf(prepared);
    const id = kept?.id ?? newId();
    const row = {
      id,
      workspaceId,
      sessionId,
      messageId,
      direction: 'upload',
      mimetype,
      fileName: fileName ?? null,
      facts,
    } as const;
    const { storageKey } = kept ?? (await intake.store(row, bytes, await intake.usage(workspaceId)));
    return {
      mediaId: id,
      storageKey,
      sha256: bytes.sha256.toString('base64'),
      size: bytes.size,
      mimetype,
      ...(fileName !== undefined && { fileName }),
      ...facts,
    };
  }

  return {
    async take(session, given, call) {
      const request = structuredClone(given);
      const identity = structuredClone(given);
      const places = filesOf(request.type, request as unknown as Record<string, unknown>);
      const identities = filesOf(identity.type, identity as unknown as Record<string, unknown>);
      const made: string[] = [];
      try {
        for (const [index, place] of places.entries()) {
          const taken = await take(session, { ...call, path: call.field ?? place.path }, place);
          if (taken.isNew) made.push(taken.reference.mediaId);
          place.holder[place.field] = taken.reference;
          identities[index]!.holder[place.field] = { sha256: taken.given };
        }
      } catch (error) {
        await discard(made);
        throw error;
      }
      return { request, identity, discard: () => discard(made) };
    },
  };
}

const factsOf = ({ seconds, width, height, animated, waveform, thumbnail }: Converted): MediaFacts => ({
  ...(seconds !== undefined && { seconds }),
  ...(width !== undefined && { width }),
  ...(height !== undefined && { height }),
  ...(animated && { animated }),
  ...(waveform && { waveform: Buffer.from(waveform).toString('base64') }),
  ...(thumbnail && { thumbnail: thumbnail.toString('base64') }),
});

async function hashOf(path: string): Promise<{ size: number; sha256: Buffer }> {
  const { stream, result } = createHashingStream();
  for await (const _ of createReadStream(path).pipe(stream));
  return result();
}
