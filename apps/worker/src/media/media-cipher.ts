import { createCipheriv, createHash, createHmac, type Hmac, hkdfSync } from 'node:crypto';
import { MEDIA_TYPES, type MediaType } from './media-type.ts';

/** The keys of one file. */
export interface MediaKeys {
  iv: Buffer;
  cipherKey: Buffer;
  macKey: Buffer;
}

/** Bytes of the MAC at the end. */
export const MAC_BYTES = 10;
const BLOCK_BYTES = 16;
const CIPHER = 'aes-256-cbc';

/** Derives the keys of a file: HKDF-SHA256 without salt. */
export function mediaKeysOf(mediaKey: Uint8Array, type: MediaType | 'history'): MediaKeys {
  const info = `WhatsApp ${type === 'history' ? 'History' : MEDIA_TYPES[type].word} Keys`;
  const derived = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), info, 112));
  return { iv: derived.subarray(0, 16), cipherKey: derived.subarray(16, 48), macKey: derived.subarray(48, 80) };
}

/** Bytes of the encrypted form of a file: padded to whole blocks, with its MAC. */
export const encryptedLength = (size: number): number => (Math.floor(size / BLOCK_BYTES) + 1) * BLOCK_BYTES + MAC_BYTES;

/** What must be known of the encrypted form before its first byte is sent: its address contains its hash. */
export interface Measured {
  size: number;
  sha256: Buffer;
  encSha256: Buffer;
  mac: Buffer;
  sidecar: Buffer | undefined;
}

/** Encrypts a file without keeping the result. Holds one chunk at a time. */
export async function measure(plain: AsyncIterable<Buffer>, keys: MediaKeys, streams: boolean): Promise<Measured> {
  const cipher = createCipheriv(CIPHER, keys.cipherKey, keys.iv);
  const mac = createHmac('sha256', keys.macKey).update(keys.iv);
  const sidecar = streams ? new Sidecar(keys.macKey) : undefined;
  const plainHash = createHash('sha256');
  const encryptedHash = createHash('sha256');
  let size = 0;
  sidecar?.update(keys.iv);
  const take = (part: Buffer): void => {
    mac.update(part);
    encryptedHash.update(part);
    sidecar?.update(part);
  };
  for await (const chunk of plain) {
    size += chunk.length;
    plainHash.update(chunk);
    take(cipher.update(chunk));
  }
  take(cipher.final());
  const tag = mac.digest().subarray(0, MAC_BYTES);
  encryptedHash.update(tag);
  sidecar?.update(tag);
  return {
    size,
    sha256: plainHash.digest(),
    encSha256: encryptedHash.digest(),
    mac: tag,
    sidecar: sidecar?.digest(),
  };
}

/** The encrypted form of a file: ciphertext and MAC, as the media host stores it. */
export async function* encrypted(
  plain: AsyncIterable<Buffer>,
  { cipherKey, iv }: MediaKeys,
  mac: Buffer,
): AsyncGenerator<Buffer> {
  const cipher = createCipheriv(CIPHER, cipherKey, iv);
  for await (const chunk of plain) yield cipher.update(chunk);
  yield Buffer.concat([cipher.final(), mac]);
}

const WINDOW_BYTES = 65_536;
/** The block before a window is what its first block is decrypted with. */
const OVERLAP_BYTES = BLOCK_BYTES;

/**
 * The MACs by which phones check a file that they play before they have all of it: of each window of 64 KiB and the
 * block before it, over the IV, the ciphertext and the MAC, in that order. 10 bytes for each.
 *
 * The form is that of public descriptions of WhatsApp Web; phones that are given none download first.
 */
export class Sidecar {
  readonly #key: Uint8Array;
  readonly #parts: Buffer[] = [];
  #offset = 0;
  #window: Hmac | undefined;
  /** The window before, as long as it takes in the beginning of this one. */
  #previous: Hmac | undefined;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  update(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const inWindow = this.#offset % WINDOW_BYTES;
      if (inWindow === 0) {
        this.#previous = this.#window;
        this.#window = createHmac('sha256', this.#key);
      }
      const boundary = inWindow < OVERLAP_BYTES ? OVERLAP_BYTES : WINDOW_BYTES;
      const piece = bytes.subarray(at, at + boundary - inWindow);
      this.#window!.update(piece);
      this.#previous?.update(piece);
      at += piece.length;
      this.#offset += piece.length;
      if (this.#offset % WINDOW_BYTES === OVERLAP_BYTES) this.#endPrevious();
    }
  }

  digest(): Buffer {
    this.#endPrevious();
    this.#end(this.#window);
    return Buffer.concat(this.#parts);
  }

  #endPrevious(): void {
    this.#end(this.#previous);
    this.#previous = undefined;
  }

  #end(window: Hmac | undefined): void {
    if (window) this.#parts.push(window.digest().subarray(0, MAC_BYTES));
  }
}
