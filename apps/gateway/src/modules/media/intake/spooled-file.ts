import { createWriteStream } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createHashingStream, type WorkFile, type WorkFolder } from '@wa-gate/media';
import { ApiError } from '../../../http/api-error.ts';

/** A file of a request in the work folder. Whoever has it disposes of it. */
export interface SpooledFile extends AsyncDisposable {
  path: string;
  /** Bytes. */
  size: number;
  sha256: Buffer;
  /** The field that it came in, for errors. */
  field?: string | undefined;
  /** What its source calls it. */
  fileName?: string | undefined;
  /** What its source says that it is. */
  mimetype?: string | undefined;
}

export interface SpoolLimits {
  /** The field of the request, for errors. */
  field: string;
  maxBytes: number;
  signal?: AbortSignal | undefined;
}

const megabytes = (bytes: number): string =>
  bytes >= 1_048_576 ? `${Math.floor((bytes / 1_048_576) * 10) / 10} MiB` : `${bytes} bytes`;

export const tooLarge = (field: string, maxBytes: number): ApiError =>
  new ApiError('MEDIA_TOO_LARGE', {
    message: `\`${field}\` is larger than ${megabytes(maxBytes)}, which is the largest file here.`,
    details: { field, maxBytes },
  });

const empty = (field: string): ApiError =>
  new ApiError('MEDIA_EMPTY', { message: `\`${field}\` has no bytes. Send a file that has some.`, details: { field } });

/** Ends a stream at the byte after the last one that is allowed. */
function limitOf({ field, maxBytes }: SpoolLimits): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > maxBytes) return done(tooLarge(field, maxBytes));
      done(null, chunk);
    },
  });
}

/**
 * Writes a stream into the work folder, hashed on its way. A stream that fails, is too long or empty leaves nothing.
 *
 * @throws {ApiError} MEDIA_TOO_LARGE, MEDIA_EMPTY; or what the stream failed with
 */
export async function spool(workFolder: WorkFolder, source: Readable, limits: SpoolLimits): Promise<SpooledFile> {
  const file: WorkFile = await workFolder.file();
  const dispose = () => file[Symbol.asyncDispose]();
  const hashing = createHashingStream();
  try {
    await pipeline(
      source,
      limitOf(limits),
      hashing.stream,
      createWriteStream(file.path, { flags: 'wx', mode: 0o600 }),
      {
        signal: limits.signal,
      },
    );
    const { size, sha256 } = hashing.result();
    if (size === 0) throw empty(limits.field);
    return { path: file.path, size, sha256, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
