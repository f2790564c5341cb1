import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { hkdf } from './kdf.ts';

/** The word of each kind of media in its key derivation. */
const KIND_INFO = {
  image: 'Image',
  sticker: 'Image',
  video: 'Video',
  gif: 'Video',
  ptv: 'Video',
  audio: 'Audio',
  ptt: 'Audio',
  document: 'Document',
  history: 'History',
  'app-state': 'App State',
  'thumbnail-document': 'Document Thumbnail',
  'thumbnail-image': 'Image Thumbnail',
  'thumbnail-video': 'Video Thumbnail',
  'thumbnail-link': 'Link Thumbnail',
} as const;

export type MediaKind = keyof typeof KIND_INFO;

const MAC_LENGTH = 10;

/** The file does not fit its key: damaged, truncated, or of another kind. */
export class MediaError extends Error {
  override readonly name = 'MediaError';
}

export interface EncryptedMedia {
  mediaKey: Buffer;
  fileSha256: Buffer;
  fileEncSha256: Buffer;
  fileLength: number;
  /** The uploaded bytes: ciphertext and truncated MAC. */
  enc: Buffer;
}

export function encryptMedia(plain: Buffer, kind: MediaKind, mediaKey: Buffer = randomBytes(32)): EncryptedMedia {
  const keys = mediaKeys(mediaKey, kind);
  const cipher = createCipheriv('aes-256-cbc', keys.cipherKey, keys.iv);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  const enc = Buffer.concat([ciphertext, mediaMac(keys, ciphertext)]);
  return { mediaKey, fileSha256: sha256(plain), fileEncSha256: sha256(enc), fileLength: plain.length, enc };
}

export function decryptMedia(enc: Buffer, mediaKey: Buffer, kind: MediaKind): Buffer {
  if (enc.length <= MAC_LENGTH) throw new MediaError('media is too short');
  const keys = mediaKeys(mediaKey, kind);
  const ciphertext = enc.subarray(0, enc.length - MAC_LENGTH);
  if (!timingSafeEqual(mediaMac(keys, ciphertext), enc.subarray(enc.length - MAC_LENGTH))) {
    throw new MediaError('media does not authenticate');
  }
  const decipher = createDecipheriv('aes-256-cbc', keys.cipherKey, keys.iv);
  return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
}

/** A copy in which the byte in the middle is another one. */
export function withOtherByte(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  copy[middle] = copy[middle]! ^ 1;
  return copy;
}

const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();

interface MediaKeys {
  iv: Buffer;
  cipherKey: Buffer;
  macKey: Buffer;
}

function mediaKeys(mediaKey: Buffer, kind: MediaKind): MediaKeys {
  const out = hkdf(mediaKey, 112, `WhatsApp ${KIND_INFO[kind]} Keys`);
  return { iv: out.subarray(0, 16), cipherKey: out.subarray(16, 48), macKey: out.subarray(48, 80) };
}

function mediaMac(keys: MediaKeys, ciphertext: Buffer): Buffer {
  return createHmac('sha256', keys.macKey).update(keys.iv).update(ciphertext).digest().subarray(0, MAC_LENGTH);
}
