import type { Readable } from 'node:stream';
import type { WhatsAppReference } from '@wa-gate/messaging';
import { request } from 'undici';
import type { MediaAccess } from '../whatsapp/network.ts';
import { FileDamagedError, FileGoneError } from './download-errors.ts';
import { encryptedLength } from './media-cipher.ts';

export interface DownloadRequestOptions {
  /** Milliseconds without a byte after which the host counts as silent. */
  silenceMs: number;
  signal: AbortSignal;
}

/** The answers of a media host that does not have the file, or not for this address of it. */
const GONE: ReadonlySet<number> = new Set([403, 404, 410]);
const OK = 200;
/** As Baileys asks. */
const HEADERS = { origin: 'https://web.whatsapp.com' };

/**
 * Asks the media host for a file and returns its body.
 *
 * @throws {FileGoneError | FileDamagedError} the phone may help; any other error: not now
 */
export async function requestFile(
  access: MediaAccess,
  reference: WhatsAppReference,
  { silenceMs, signal }: DownloadRequestOptions,
): Promise<Readable> {
  const { statusCode, headers, body } = await request(addressOf(access, reference), {
    dispatcher: access.dispatcher,
    headers: HEADERS,
    headersTimeout: silenceMs,
    bodyTimeout: silenceMs,
    signal,
  });
  const refusal = refusalOf(statusCode, Number(headers['content-length'] ?? Number.NaN), reference);
  if (!refusal) return body;
  // Without a reader the rest would keep the connection busy.
  body.on('error', () => undefined);
  body.destroy();
  throw refusal;
}

function refusalOf(status: number, length: number, { fileLength, mediaKey }: WhatsAppReference): Error | null {
  if (GONE.has(status)) return new FileGoneError(`WhatsApp's media host answers ${status}.`);
  if (status !== OK) return new Error(`WhatsApp's media host answers ${status}.`);
  if (fileLength === undefined || Number.isNaN(length)) return null;
  const expected = mediaKey === undefined ? fileLength : encryptedLength(fileLength);
  if (length === expected) return null;
  return new FileDamagedError(`WhatsApp has ${length} bytes of a file that must have ${expected}.`);
}

/**
 * The address is the sender's word. Its host counts only where it is one of WhatsApp's: a sender could name any host
 * that this worker reaches.
 */
function addressOf({ host, isMediaHost }: MediaAccess, { url, directPath }: WhatsAppReference): URL {
  const named = url && URL.canParse(url) ? new URL(url) : undefined;
  const path = directPath?.startsWith('/') ? directPath : named && `${named.pathname}${named.search}`;
  if (!path) throw new FileGoneError('The message names no place of the file.');
  return new URL(`https://${named && isMediaHost(named.host) ? named.host : host}${path}`);
}
