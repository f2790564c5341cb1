import { createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { FileDamagedError, FileTooLargeError } from './download-errors.ts';
import { encryptedLength, MAC_BYTES, type MediaKeys } from './media-cipher.ts';

/** What the message says about the file; the stream fails when one of them does not hold. */
export interface ExpectedFile {
  /** Bytes. */
  size?: number | undefined;
  sha256?: Buffer | undefined;
  /** Bytes; a larger file is not decrypted to its end. */
  maxBytes: number;
}

/**
 * Decrypts a file as it comes. The last thing that it does, before it ends, is to compare MAC, hash and length: a file
 * that does not fit ends with {@link FileDamagedError}, never as a shorter one. So a store that shows only complete
 * files shows only verified ones. Decrypted bytes leave it before that, because a file is not held in memory.
 */
export class DownloadDecryption extends Transform {
  readonly #expected: ExpectedFile;
  readonly #decipher;
  readonly #mac;
  readonly #hash = createHash('sha256');
  /** The last bytes that came: the MAC, if nothing follows. */
  #tail: Buffer = Buffer.alloc(0);
  #received = 0;
  #size = 0;
  #digest: Buffer | undefined;

  constructor({ iv, cipherKey, macKey }: MediaKeys, expected: ExpectedFile) {
    super();
    this.#expected = expected;
    this.#decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
    this.#mac = createHmac('sha256', macKey).update(iv);
  }

  /** Of the decrypted file; known when the stream has ended. */
  get result(): { size: number; sha256: Buffer } {
    if (!this.#digest) throw new Error('The file has not come to its end.');
    return { size: this.#size, sha256: this.#digest };
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const { size, maxBytes } = this.#expected;
    this.#received += chunk.length;
    if (size !== undefined && this.#received > encryptedLength(size)) {
      done(new FileDamagedError(`More came than the ${size} bytes that the message tells of.`));
      return;
    }
    if (this.#received > encryptedLength(maxBytes)) {
      done(new FileTooLargeError(`The file is larger than ${maxBytes} bytes.`));
      return;
    }
    const come = this.#tail.length > 0 ? Buffer.concat([this.#tail, chunk]) : chunk;
    const end = Math.max(0, come.length - MAC_BYTES);
    // A copy: a slice would keep the whole chunk in memory.
    this.#tail = Buffer.from(come.subarray(end));
    const ciphertext = come.subarray(0, end);
    this.#mac.update(ciphertext);
    done(null, this.#note(this.#decipher.update(ciphertext)));
  }

  override _flush(done: TransformCallback): void {
    try {
      done(null, this.#finish());
    } catch (error) {
      done(error as Error);
    }
  }

  #note(plain: Buffer): Buffer {
    this.#hash.update(plain);
    this.#size += plain.length;
    return plain;
  }

  #finish(): Buffer {
    const { size, sha256 } = this.#expected;
    if (this.#tail.length < MAC_BYTES) throw new FileDamagedError('The file is cut off.');
    if (!timingSafeEqual(this.#mac.digest().subarray(0, MAC_BYTES), this.#tail))
      throw new FileDamagedError('The file does not have the MAC of its key: it is cut off or was changed.');
    const last = this.#note(this.#lastBlock());
    const digest = this.#hash.digest();
    if (size !== undefined && this.#size !== size)
      throw new FileDamagedError(`The file has ${this.#size} bytes, and the message tells of ${size}.`);
    if (sha256 && !digest.equals(sha256))
      throw new FileDamagedError('The file has another hash than the message tells of.');
    this.#digest = digest;
    return last;
  }

  #lastBlock(): Buffer {
    try {
      return this.#decipher.final();
    } catch (cause) {
      throw new FileDamagedError('The file is not padded as an encrypted file is.', { cause });
    }
  }
}
