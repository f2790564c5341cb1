import type { Readable } from 'node:stream';

/** Bytes from `start` to `end`, both included and counted from 0. Without an `end` up to the last one. */
export interface ByteRange {
  start: number;
  end?: number | undefined;
}

export interface StoredFile {
  key: string;
  /** Bytes. */
  size: number;
  modifiedAt: Date;
}

export interface PutResult {
  /** Bytes. */
  size: number;
  /** Of the stored bytes. */
  sha256: Buffer;
}

/**
 * Where files are kept. Keys are paths such as `files/<workspace>/<file>`: letters, digits, `.`, `_`, `-` and `/`.
 * Every method rejects with the error of the folder or of the server when it cannot be used.
 */
export interface MediaStore {
  /**
   * Writes a file. It is visible under the key only when it is complete: a body that fails and an aborted put leave
   * nothing. An existing file is replaced.
   */
  put(key: string, body: Readable, options?: { signal?: AbortSignal | undefined }): Promise<PutResult>;
  /**
   * The bytes of a file.
   *
   * @throws {MediaMissingError}
   */
  get(key: string, range?: ByteRange): Promise<Readable>;
  /** `null`: there is no such file. */
  stat(key: string): Promise<{ size: number } | null>;
  /** A key without a file is no error. */
  remove(keys: readonly string[]): Promise<void>;
  /** All files whose keys begin with the prefix, in no order. */
  list(prefix: string): AsyncIterable<StoredFile>;
  /** Removes what interrupted puts have left that began before this time, and returns their number. */
  sweepAbandoned(before: Date): Promise<number>;
  /**
   * Which store it is, such as `local:<id>`. Processes with the same identity see the same files. Asking for it makes
   * what is missing, and fails where the store cannot be used.
   */
  identify(): Promise<string>;
  /** Whether processes on several machines see the same files without a shared folder. */
  isShared: boolean;
  close(): Promise<void>;
}

/** The store has no file under this key. */
export class MediaMissingError extends Error {
  override name = 'MediaMissingError';
  readonly key: string;

  constructor(key: string, options?: ErrorOptions) {
    super(`The media store has no file ${key}.`, options);
    this.key = key;
  }
}

/** The store cannot be used as it is configured. The message says what to do. */
export class MediaStoreError extends Error {
  override name = 'MediaStoreError';
}

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/** @throws {TypeError} for a key that could leave the store */
export function assertKey(key: string): void {
  if (!KEY.test(key) || key.length > 512) throw new TypeError(`"${key}" is no key of the media store.`);
}
