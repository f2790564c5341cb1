import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import type { ProgressWatch } from './progress-watch.ts';
import { HostAnswerError } from './upload-errors.ts';

/** An encrypted file on its way to one host. */
export interface FilePost {
  hostname: string;
  /** Below the host, without query. */
  path: string;
  auth: string;
  encSha256: Buffer;
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

/**
 * Sends an encrypted file.
 *
 * @returns its address
 * @throws {HostAnswerError} the host took none; any other error: the host was not reached, or the line broke
 */
export async function postFile(post: FilePost): Promise<{ url: string; directPath: string }> {
  const { hostname, path, auth, encSha256, length, dispatcher, watch } = post;
  const token = encSha256.toString('base64url');
  const query = new URLSearchParams({ auth, token }).toString();
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
  const { url, direct_path: directPath } = readAnswer(answer);
  if (statusCode >= 300 || typeof url !== 'string' || typeof directPath !== 'string')
    throw new HostAnswerError(statusCode, answer.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_WORDS));
  return { url, directPath };
}

function readAnswer(text: string): { url?: unknown; direct_path?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    return {};
  }
}
