import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';

export interface RotatingFileOptions {
  folder: string;
  name: string;
  /** The size in bytes at which a new file is begun. */
  maxBytes: number;
  /** The count of older files, kept as `<name>.1` (the newest) and so on. */
  keep: number;
  /** Called once when the file cannot be written, until it can again. */
  onTrouble: (error: Error) => void;
}

/** A file that queues lines synchronously and writes them in the background. */
export interface RotatingFile {
  write(line: string): void;
  /** Writes the queued lines synchronously. */
  close(): void;
}

/** The maximum of bytes queued for a slow disk. Further lines are dropped, because logging must not block. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Milliseconds after a failure before the next attempt. */
const RETRY_MS = 10_000;

export function createRotatingFile({ folder, name, maxBytes, keep, onTrouble }: RotatingFileOptions): RotatingFile {
  /** Lines given to the stream whose write is not confirmed, oldest first. */
  let waiting: string[] = [];
  let waitingBytes = 0;
  let stream: RotatingFileStream | undefined;
  let isClosed = false;
  let failedAt = Number.NEGATIVE_INFINITY;
  let isInTrouble = false;

  function open(): RotatingFileStream {
    // With `rotate` the only argument is the number of the file; it is absent for the present one.
    const opened = createStream((number) => (number ? `${name}.${Number(number)}` : name), {
      path: folder,
      size: `${maxBytes}B`,
      rotate: keep,
      mode: 0o600,
    });
    // Lines in the stream are lost: a full or missing disk cannot take them.
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
