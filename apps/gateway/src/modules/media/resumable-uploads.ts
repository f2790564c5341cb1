import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { ResumableUpload } from '@wa-gate/contracts';
import { isUniqueViolation, type Pool } from '@wa-gate/db';
import { newId } from '@wa-gate/kit';
import type { MediaStore, WorkFolder } from '@wa-gate/media';
import { partKeyOf } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import { type Actor, writeAudit } from '../audit/index.ts';
import type { Reach } from '../sessions/index.ts';
import type { MediaIntake } from './intake/media-intake.ts';
import { spool, tooLarge } from './intake/spooled-file.ts';
import type { MediaRepository } from './media.repository.ts';

/** Uploads in parts, each of which may come by another gateway. A complete one is a media under the same id. */
export interface ResumableUploads {
  create(reach: Reach, upload: { length: number; fileName?: string; mimetype?: string }): Promise<ResumableUpload>;
  /** @throws {ApiError} MEDIA_NOT_FOUND */
  state(actor: Actor, reach: Reach, id: string): Promise<ResumableUpload>;
  /**
   * Takes bytes from this offset on. A body that breaks off counts as far as it came.
   *
   * @throws {ApiError} UPLOAD_OFFSET_MISMATCH with the offset that is right; of the last part what any upload may be
   *   refused for: then the upload is gone
   */
  append(actor: Actor, reach: Reach, id: string, offset: number, body: Readable): Promise<ResumableUpload>;
  remove(reach: Reach, id: string): Promise<void>;
}

interface Row {
  id: string;
  workspaceId: string;
  sessionId: string | null;
  length: number;
  received: number;
  parts: string[];
  fileName: string | null;
  mimetype: string | null;
  expiresAt: Date;
}

const EXPIRY_HOURS = 24;
/** Of a workspace, at one time. */
const MAX_UPLOADS = 100;
const MAX_PARTS = 10_000;

const COLUMNS = `id, workspace_id AS "workspaceId", session_id AS "sessionId", length, received, parts, file_name AS "fileName", mimetype,
  expires_at AS "expiresAt"`;
const WITHIN = `workspace_id = $2 AND ($3::uuid IS NULL OR session_id = $3)
    AND (session_id IS NULL OR EXISTS (SELECT 1 FROM sessions s WHERE s.id = session_id))`;
const CREATE = {
  name: 'create-resumable-upload',
  text: `INSERT INTO resumable_uploads (id, workspace_id, session_id, length, file_name, mimetype, expires_at)
    SELECT $1, $2, $3, $4, $5, $6, now() + interval '${EXPIRY_HOURS} hours'
    WHERE (SELECT count(*) FROM resumable_uploads WHERE workspace_id = $2 AND expires_at > now()) < ${MAX_UPLOADS}
    RETURNING ${COLUMNS}`,
};
const FIND = {
  name: 'find-resumable-upload',
  text: `SELECT ${COLUMNS} FROM resumable_uploads WHERE id = $1 AND ${WITHIN} AND expires_at > now()`,
};
/** Of two parts that come for one offset the first one counts. */
const APPEND = {
  name: 'append-resumable-upload',
  text: `UPDATE resumable_uploads SET received = received + $3, parts = parts || to_jsonb($4::text),
      expires_at = now() + interval '${EXPIRY_HOURS} hours'
    WHERE id = $1 AND received = $2 RETURNING ${COLUMNS}`,
};
const DELETE = { name: 'delete-resumable-upload', text: 'DELETE FROM resumable_uploads WHERE id = $1' };

const FIELD = 'file';
const mismatch = (offset: number): ApiError =>
  new ApiError('UPLOAD_OFFSET_MISMATCH', {
    message: `The upload has ${offset} bytes: go on from there, with \`Upload-Offset: ${offset}\`.`,
    details: { offset },
  });

export interface ResumableUploadsDependencies {
  pool: Pool;
  store: MediaStore;
  workFolder: WorkFolder;
  intake: MediaIntake;
  media: Pick<MediaRepository, 'find'>;
}

export function createResumableUploads(deps: ResumableUploadsDependencies): ResumableUploads {
  const { pool, store, workFolder, intake, media } = deps;

  async function findRow({ workspaceId, sessionId }: Reach, id: string): Promise<Row | null> {
    if (!isUuid(id)) return null;
    const { rows } = await pool.query<Row>({ ...FIND, values: [id, workspaceId, sessionId ?? null] });
    return rows[0] ?? null;
  }

  async function drop({ id, parts }: Pick<Row, 'id' | 'parts'>): Promise<void> {
    await pool.query({ ...DELETE, values: [id] });
    await store.remove(parts);
  }

  /** The parts one after the other. */
  async function* bytesOf(parts: readonly string[]): AsyncGenerator<Buffer> {
    for (const key of parts) yield* (await store.get(key)) as AsyncIterable<Buffer>;
  }

  /** Makes a media of an upload that is complete. A refusal ends the upload. */
  async function complete(actor: Actor, row: Row): Promise<void> {
    const { maxFileBytes } = await intake.usage(row.workspaceId);
    const reach = { workspaceId: row.workspaceId, sessionId: row.sessionId ?? undefined };
    const said = { fileName: row.fileName ?? undefined, mimetype: row.mimetype ?? undefined };
    try {
      const file = await spool(workFolder, Readable.from(bytesOf(row.parts), { objectMode: false }), {
        field: FIELD,
        maxBytes: maxFileBytes,
      });
      try {
        await intake.keepSpooled(reach, file, said, FIELD, row.id);
      } finally {
        await file[Symbol.asyncDispose]();
      }
      await writeAudit(pool, actor, {
        action: 'media.uploaded',
        resourceType: 'media',
        resourceId: row.id,
        after: { size: row.length, fileName: row.fileName },
      });
    } catch (error) {
      // Another request has completed it at the same time.
      if (!isUniqueViolation(error)) {
        if (error instanceof ApiError) await drop(row);
        throw error;
      }
    }
    await drop(row);
  }

  /** Writes what comes, as far as it comes. */
  async function receive(body: Readable, path: string, most: number): Promise<number> {
    const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
    let size = 0;
    try {
      for await (const chunk of body) {
        const bytes = chunk as Buffer;
        if (size + bytes.length > most) throw tooLarge(FIELD, most);
        size += bytes.length;
        if (!file.write(bytes)) await once(file, 'drain');
      }
    } catch (error) {
      if (error instanceof ApiError) throw error;
      // The connection broke: what has come is kept, and the caller goes on behind it.
    } finally {
      file.end();
      await once(file, 'close');
    }
    return size;
  }

  const stateOf = ({ id, received, length, expiresAt }: Row): ResumableUpload => ({
    uploadId: id,
    offset: received,
    length,
    expiresAt: expiresAt.toISOString(),
  });

  return {
    async create({ workspaceId, sessionId }, { length, fileName, mimetype }) {
      const { maxFileBytes, storedBytes, maxStoredBytes } = await intake.usage(workspaceId);
      if (length === 0) throw new ApiError('MEDIA_EMPTY', { details: { field: 'Upload-Length' } });
      if (length > maxFileBytes) throw tooLarge('Upload-Length', maxFileBytes);
      if (storedBytes + length > maxStoredBytes)
        throw new ApiError('MEDIA_QUOTA', { details: { storedBytes, maxStoredBytes, size: length } });
      const values = [newId(), workspaceId, sessionId ?? null, length, fileName ?? null, mimetype ?? null];
      const { rows } = await pool.query<Row>({ ...CREATE, values });
      const [row] = rows;
      if (row) return stateOf(row);
      throw new ApiError('MEDIA_QUOTA', {
        message: `The workspace has ${MAX_UPLOADS} uploads that are not complete. Complete or delete some first.`,
        details: { maxUploads: MAX_UPLOADS },
      });
    },

    async state(actor, reach, id) {
      const row = await findRow(reach, id);
      if (row) {
        // The process that had its last part did not get to the end.
        if (row.received === row.length) await complete(actor, row);
        return stateOf(row);
      }
      const done = isUuid(id) ? await media.find(reach, id) : null;
      if (done?.direction !== 'upload' || done.size === null) throw new ApiError('MEDIA_NOT_FOUND');
      const { size } = done;
      return { uploadId: id, offset: size, length: size, expiresAt: (done.expiresAt ?? new Date()).toISOString() };
    },

    async append(actor, reach, id, offset, body) {
      const row = await findRow(reach, id);
      if (!row) throw new ApiError('MEDIA_NOT_FOUND');
      if (row.received !== offset) throw mismatch(row.received);
      if (row.parts.length >= MAX_PARTS)
        throw new ApiError('VALIDATION', {
          message: `The request is not valid: an upload has at most ${MAX_PARTS} parts. Send larger ones.`,
        });
      const part = await workFolder.file();
      try {
        const size = await receive(body, part.path, row.length - row.received);
        if (size === 0) return stateOf(row);
        const key = partKeyOf(row.workspaceId, row.id, newId());
        await store.put(key, createReadStream(part.path));
        const { rows } = await pool.query<Row>({ ...APPEND, values: [row.id, offset, size, key] });
        const [after] = rows;
        if (!after) {
          await store.remove([key]);
          throw mismatch((await findRow(reach, id))?.received ?? row.length);
        }
        if (after.received === after.length) await complete(actor, after);
        return stateOf(after);
      } finally {
        await part[Symbol.asyncDispose]();
      }
    },

    async remove(reach, id) {
      const row = await findRow(reach, id);
      if (!row) throw new ApiError('MEDIA_NOT_FOUND');
      await drop(row);
    },
  };
}
