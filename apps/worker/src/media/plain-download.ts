import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import type { ExpectedFile } from './download-decryption.ts';
import { FileDamagedError, FileTooLargeError } from './download-errors.ts';

/**
 * A file that is not encrypted, as it comes. Before it ends it compares hash and length, like
 * {@link DownloadDecryption}: what does not fit ends with {@link FileDamagedError}.
 */
export class PlainDownload extends Transform {
  readonly #expected: ExpectedFile;
  readonly #hash = createHash('sha256');
  #size = 0;
  #digest: Buffer | undefined;

  constructor(expected: ExpectedFile) {
    super();
    this.#expected = expected;
  }

  /** Known when the stream has ended. */
  get result(): { size: number; sha256: Buffer } {
    if (!this.#digest) throw new Error('The file has not come to its end.');
    return { size: this.#size, sha256: this.#digest };
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const { size, maxBytes } = this.#expected;
    this.#size += chunk.length;
    if (size !== undefined && this.#size > size) {
      done(new FileDamagedError(`More came than the ${size} bytes that the message tells of.`));
      return;
    }
    if (this.#size > maxBytes) {
      done(new FileTooLargeError(`The file is larger than ${maxBytes} bytes.`));
      return;
    }
    this.#hash.update(chunk);
    done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    const { size, sha256 } = this.#expected;
    const digest = this.#hash.digest();
    if (size !== undefined && this.#size !== size) {
      done(new FileDamagedError(`The file has ${this.#size} bytes, and the message tells of ${size}.`));
      return;
    }
    if (!sha256?.equals(digest)) {
      done(new FileDamagedError('The file has another hash than the message tells of.'));
      return;
    }
    this.#digest = digest;
    done();
  }
}
