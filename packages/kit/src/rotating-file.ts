import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';

export interface RotatingFileOptions {
  folder: string;
  name: string;
  /** Bytes at which a new file is begun. */
  maxBytes: number;
  /** Files of before that are kept, as `<name>.1` (the newest) and so on. */
  keep: number;
  /** The file cannot be written, said once until it can again. */
  onTrouble: (error: Error) => void;
}

/** A file that takes lines at once and writes them by and by. */
export interface RotatingFile {
  write(line: string): void;
  /** Writes what is left, now. */
  close(): void;
}

/** What may wait for a slow disk; lines beyond that are dropped, because nothing may wait for its log. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** After a failure the file is tried again when so much time has gone. */
const RETRY_MS = 10_000;

export function createRotatingFile({ folder, name, maxBytes, keep, onTrouble }: RotatingFileOptions): RotatingFile {
  /** Given to the stream and not yet known to be written, oldest first. */
  let waiting: string[] = [];
  let waitingBytes = 0;
  let stream: RotatingFileStream | undefined;
  let isClosed = false;
  let failedAt = Number.NEGATIVE_INFINITY;
  let isInTrouble = false;

  function open(): RotatingFileStream {
    // With `rotate` the only argument is the number of the file, none for the present one.
    const opened = createStream((number) => (number ? `${name}.${Number(number)}` : name), {
      path: folder,
      size: `${maxBytes}B`,
      rotate: keep,
      mode: 0o600,
    });
    // What the stream held is lost with it: a disk that is full or gone takes nothing.
    opened.on('error', (error) => {
      if (stream === opened) stream = undefined;
      waiting = [];
      waitingBytes = 0;
      failedAt = performance.now();
      if (!isInTrouble) onTrouble(error);
      isInTrouble = true;
    });
    return opened;
  }

  return {
    write(line) {
      if (isClosed) return appendNow(line);
      if (!stream && performance.now() - failedAt < RETRY_MS) return;
      if (waitingBytes > MAX_WAITING_BYTES) return;
      stream ??= open();
      const target = stream;
      waiting.push(line);
      waitingBytes += line.length;
      target.write(line, (error) => {
        if (error || target !== stream) return;
        waitingBytes -= waiting.shift()?.length ?? 0;
        isInTrouble = false;
      });
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      const left = waiting;
      stream?.destroy();
      stream = undefined;
      if (left.length > 0) appendNow(left.join(''));
    },
  };

  function appendNow(text: string): void {
    try {
      appendFileSync(join(folder, name), text, { mode: 0o600 });
    } catch (error) {
      onTrouble(error as Error);
    }
  }
}
