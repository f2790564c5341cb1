import type { Readable } from 'node:stream';
import type { Clock } from '@wa-gate/kit';
import type { ProgressWatch } from './progress-watch.ts';

/** Milliseconds after a message in which uploads go slowly. */
const SLOW_MS = 50;
/** Bytes that all uploads together take in one turn while they go slowly, and milliseconds from turn to turn. */
const TURN_BYTES = 65_536;
const TURN_MS = 8;
/** Turns that are made up for when the event loop was late. */
const LATE_TURNS = 2;

/**
 * Lets messages go first. To read, hash, encrypt and send a file takes a processor for as long as there are bytes. What
 * sends a message passes several processes, and the event loop of each a dozen times. While messages are sent, uploads
 * take a small part of that time: all together they read 8 MB in a second, and each file is read twice.
 */
export class GivingWay {
  readonly #clock: Pick<Clock, 'monotonic' | 'sleep'>;
  #slowUntil = 0;
  #lastTurn = 0;

  constructor(clock: Pick<Clock, 'monotonic' | 'sleep'>) {
    this.#clock = clock;
  }

  /** A message is being sent. */
  giveWay(): void {
    this.#slowUntil = this.#clock.monotonic() + SLOW_MS;
  }

  /** The bytes of a file, piece by piece. Ends the stream also when it is not read to its end. */
  async *read(stream: Readable, watch: ProgressWatch): AsyncGenerator<Buffer> {
    const { signal } = watch;
    const abort = () => stream.destroy(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      for await (const chunk of stream) {
        watch.moved();
        let rest = chunk as Buffer;
        while (rest.length > 0) {
          const isSlow = this.#clock.monotonic() < this.#slowUntil;
          if (isSlow) await this.#turn();
          const piece = isSlow ? rest.subarray(0, TURN_BYTES) : rest;
          yield piece;
          rest = rest.subarray(piece.length);
        }
      }
    } finally {
      signal.removeEventListener('abort', abort);
      stream.destroy();
    }
  }

  /** One upload after the other. */
  async #turn(): Promise<void> {
    const now = this.#clock.monotonic();
    this.#lastTurn = Math.max(this.#lastTurn, now - LATE_TURNS * TURN_MS) + TURN_MS;
    if (this.#lastTurn > now) await this.#clock.sleep(this.#lastTurn - now);
  }
}
