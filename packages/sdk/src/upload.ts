import { isWaGateError, WaGateError } from './errors.ts';
import type { CallOptions, Output } from './operation.ts';
import { pauseBefore, sleep } from './retry.ts';
import type { Transport } from './transport.ts';

/** The bytes of a file: a `File` of a page, a `Blob`, or bytes. */
export type FileBytes = Blob | Uint8Array | ArrayBuffer;

export interface UploadOptions extends Pick<CallOptions, 'signal'> {
  /** @default the name of a `File` */
  fileName?: string | undefined;
  /** What it is said to be; the bytes decide. @default the type of a `Blob` */
  mimetype?: string | undefined;
  /** Bytes of a part. Files that are larger go up in parts, and go on where a bad line broke. @default 8388608 */
  partBytes?: number | undefined;
  /** Told after each part. */
  onProgress?: ((progress: { sent: number; total: number }) => void) | undefined;
}

/** A file that was uploaded, for `media: { mediaId }` of a message. */
export type UploadedMedia = Output<'media.get'>;

const ATTEMPTS = 6;

/** Uploads a file by the tus protocol 1.0.0, in parts that are sent again from where they broke. */
export async function uploadInParts(
  transport: Transport,
  file: FileBytes,
  options: UploadOptions,
): Promise<{ mediaId: string }> {
  const bytes = file instanceof Blob ? file : new Blob([file as ArrayBuffer]);
  const { partBytes = 8 * 1024 * 1024, signal, onProgress } = options;
  const named = file as Partial<File>;
  const metadata = Object.entries({
    filename: options.fileName ?? named.name,
    filetype: options.mimetype ?? (bytes.type || undefined),
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${base64Of(value)}`]));
  const created = await transport.call(
    {
      method: 'POST',
      path: '/api/media/uploads',
      headers: {
        'tus-resumable': '1.0.0',
        'upload-length': String(bytes.size),
        ...(metadata.length > 0 && { 'upload-metadata': metadata.join(',') }),
      },
      // An upload that nobody goes on with is deleted by itself.
      isRepeatable: true,
    },
    { signal },
  );
  const { data } = (await created.json()) as { data: { uploadId: string; offset: number } };
  const path = `/api/media/uploads/${data.uploadId}`;

  let offset = data.offset;
  let failures = 0;
  while (offset < bytes.size) {
    try {
      const part = bytes.slice(offset, offset + partBytes);
      const headers = {
        'tus-resumable': '1.0.0',
        'upload-offset': String(offset),
        'content-type': 'application/offset+octet-stream',
      };
      // The browser and Node send a Blob with its length.
      const answer = await transport.attempt(
        { method: 'PATCH', path, headers, body: part, isRepeatable: false },
        { signal },
      );
      offset = Number(answer.headers.get('upload-offset') ?? offset + part.size);
      failures = 0;
      onProgress?.({ sent: offset, total: bytes.size });
    } catch (error) {
      if (!isWaGateError(error) || ++failures >= ATTEMPTS) throw error;
      if (!error.isRetryable && error.code !== 'UPLOAD_OFFSET_MISMATCH') throw error;
      await sleep(pauseBefore(failures, error.retryAfter), signal);
      offset = await offsetOf(transport, path, signal);
    }
  }
  return { mediaId: data.uploadId };
}

/** How far an upload has come. */
async function offsetOf(transport: Transport, path: string, signal: AbortSignal | undefined): Promise<number> {
  const headers = { 'tus-resumable': '1.0.0' };
  const answer = await transport.call({ method: 'HEAD', path, headers, isRepeatable: true }, { signal });
  const offset = Number(answer.headers.get('upload-offset') ?? Number.NaN);
  if (Number.isFinite(offset)) return offset;
  throw new WaGateError('The upload does not say how far it has come.', { code: 'UNEXPECTED_ANSWER' });
}

/** Base64 of a text in UTF-8. */
function base64Of(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
