import { pipeline } from 'node:stream';
import type { MediaStore } from '@wa-gate/media';
import type { WhatsAppReference } from '@wa-gate/messaging';
import type { MediaAccess } from '../whatsapp/network.ts';
import { DownloadDecryption } from './download-decryption.ts';
import { requestFile } from './download-request.ts';
import { mediaKeysOf } from './media-cipher.ts';
import type { MediaType } from './media-type.ts';
import { PlainDownload } from './plain-download.ts';

export interface FetchFileOptions {
  store: Pick<MediaStore, 'put'>;
  storageKey: string;
  access: MediaAccess;
  reference: WhatsAppReference;
  maxBytes: number;
  silenceMs: number;
  signal: AbortSignal;
}

/** A file in the store. */
export interface FetchedFile {
  storageKey: string;
  sha256: Buffer;
  size: number;
}

/**
 * Streams a file from WhatsApp into the store, decrypted where it is encrypted. It is visible there when it is
 * verified; of a failed one nothing stays.
 */
export async function fetchFile(options: FetchFileOptions): Promise<FetchedFile> {
  const { store, storageKey, access, reference, maxBytes, silenceMs, signal } = options;
  const { mediaKey, mediaType, fileSha256, fileLength } = reference;
  const expected = {
    size: fileLength,
    sha256: fileSha256 === undefined ? undefined : Buffer.from(fileSha256, 'base64'),
    maxBytes,
  };
  const decryption =
    mediaKey === undefined
      ? new PlainDownload(expected)
      : new DownloadDecryption(mediaKeysOf(Buffer.from(mediaKey, 'base64'), mediaType as MediaType), expected);
  const body = await requestFile(access, reference, { silenceMs, signal });
  // The store meets every error at the end of the decryption, also those of the network.
  pipeline(body, decryption, () => undefined);
  try {
    await store.put(storageKey, decryption, { signal });
  } catch (error) {
    // Of a stream that failed before the store came to read it, the store knows only that it is closed.
    throw decryption.errored ?? error;
  }
  return { storageKey, ...decryption.result };
}
