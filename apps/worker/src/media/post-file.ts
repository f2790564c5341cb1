import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import type { ProgressWatch } from './progress-watch.ts';
import { HostAnswerError } from './upload-errors.ts';
import type { UploadedFile } from './uploaded-file.ts';

/** A file on its way to one host. */
export interface FilePost {
  hostname: string;
  /** Below the host, without query. */
  path: string;
  auth: string;
  /** Of the body. */
  sha256: Buffer;
  /** The host makes a preview: it can read the file. */
  wantsThumbnail: boolean;
  /** Bytes of the body. */
  length: number;
  /** Tells the watch of each chunk. */
  body: AsyncIterable<Buffer>;
  dispatcher: Dispatcher | undefined;
  watch: ProgressWatch;
}

const ORIGIN = 'https://web.whatsapp.com';
/** Of the words with which a host refuses a file. */
const MAX_WORDS = 200;

/** Where a host has put a file. */
export type FileAddress = Pick<UploadedFile, 'url' | 'directPath' | 'thumbnail'>;

/**
 * Sends a file.
 *
 * @returns its address
 * @throws {HostAnswerError} the host took none; any other error: the host was not reached, or the line broke
 */
export async function postFile(post: FilePost): Promise<FileAddress> {
  const { hostname, path, auth, sha256, wantsThumbnail, length, dispatcher, watch } = post;
  const token = sha256.toString('base64url');
  const query = new URLSearchParams({ auth, token, ...(wantsThumbnail && { server_thumb_gen: '1' }) }).toString();
  const { statusCode, body } = await request(`https://${hostname}${path}/${token}?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(length), origin: ORIGIN },
    body: Readable.from(post.body, { objectMode: false }),
    signal: watch.signal,
    // The watch ends it when nothing moves, in either direction.
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(dispatcher && { dispatcher }),
  });
  watch.moved();
  const answer = await body.text();
  const told = readAnswer(answer);
  const { url, direct_path: directPath } = told;
  if (statusCode >= 300 || typeof url !== 'string' || typeof directPath !== 'string')
    throw new HostAnswerError(statusCode, answer.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_WORDS));
  const thumbnail = thumbnailOf(told);
  return { url, directPath, ...(thumbnail && { thumbnail }) };
}

interface HostAnswer {
  url?: unknown;
  direct_path?: unknown;
  thumbnail_info?: { thumbnail_direct_path?: unknown; thumbnail_sha256?: unknown } | null;
}

function readAnswer(text: string): HostAnswer {
  try {
    return (JSON.parse(text) as HostAnswer | null) ?? {};
  } catch {
    return {};
  }
}

function thumbnailOf({ thumbnail_info: info }: HostAnswer): UploadedFile['thumbnail'] {
  const { thumbnail_direct_path: directPath, thumbnail_sha256: sha256 } = info ?? {};
  if (typeof directPath !== 'string' || typeof sha256 !== 'string') return undefined;
  return { directPath, sha256: Buffer.from(sha256, 'base64') };
}
