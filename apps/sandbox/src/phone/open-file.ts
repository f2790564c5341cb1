import { createHash } from 'node:crypto';
import { decryptMedia, MediaError, type MediaKind } from '../signal/media-crypto.ts';
import type { MediaReference } from './description.ts';

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('base64');

/**
 * Decrypts a file, and checks it against everything that its message says about it, as phones do.
 *
 * @throws {MediaError} phones refuse it
 */
export function openFile(
  enc: Buffer,
  { mediaKey, fileEncSha256, fileSha256, bytes }: MediaReference,
  kind: MediaKind,
): Buffer {
  if (sha256(enc) !== fileEncSha256) throw new MediaError('its encrypted bytes have another hash');
  const plain = decryptMedia(enc, Buffer.from(mediaKey, 'base64'), kind);
  if (sha256(plain) !== fileSha256) throw new MediaError('its bytes have another hash');
  if (bytes !== undefined && plain.length !== bytes)
    throw new MediaError(`it has ${plain.length} bytes, and not ${bytes}`);
  return plain;
}
