import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

/** A transform that passes bytes on, and what it has seen of them. */
export interface HashingStream {
  stream: Transform;
  /** Complete once the stream has ended. */
  result(): { size: number; sha256: Buffer };
}

/** Counts and hashes what passes through. */
export function createHashingStream(): HashingStream {
  const hash = createHash('sha256');
  let size = 0;
  let digest: Buffer | undefined;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  return {
    stream,
    result() {
      digest ??= hash.digest();
      return { size, sha256: digest };
    },
  };
}
