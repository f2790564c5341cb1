import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_EVERY_MS = 10_000;
/** So many looks in a row must find the process at rest. */
const LOOKS_AT_REST = 3;
/** The first one frees what is not used; each after it empties some of the pages that it has left in pieces. */
const MOST_COLLECTIONS = 10;
/** A collection that makes the heap smaller by less was the last one. */
const WORTH_BYTES = 4 * 1_048_576;
/** The share of time in which the event loop has something to do. */
const BUSY = 0.1;
const MIN_HEAP_BYTES = 96 * 1_048_576;
/** Looks between two rests that end in collections: five minutes. */
const LOOKS_BETWEEN = 30;

export interface RestOptions {
  /** A number that is another one after each piece of work, such as a message. */
  work: () => number;
  /** The share of time, 0 to 1, in which the event loop was busy since the last call. @default as measured by Node */
  busy?: () => number;
  /** @default those of V8 */
  heapBytes?: () => number;
  /** @default a collection of the whole heap, during which nothing else is done */
  collect?: () => void;
  /** Is told how long a collection took, in milliseconds. */
  onCollected?: (milliseconds: number) => void;
}

/**
 * Gives memory back when a process with a large heap has come to rest. V8 collects by what is allocated: after many
 * pairings or logins it keeps what they needed for hours. A collection stops the process (0.05 to 0.25 s with 60 MB
 * in use), so it happens only when there was no work for half a minute, every ten seconds as long as the one before
 * gave something back, and not again before there was some work.
 */
export class RestWatch {
  readonly #options: RestOptions;
  readonly #busy: () => number;
  readonly #heapBytes: () => number;
  readonly #collect: () => void;
  #work: number;
  #looksAtRest = 0;
  #collections = 0;
  /** The size of the heap before the last collection of this rest. */
  #heapBefore = Number.POSITIVE_INFINITY;
  /** Looks until the next rest may end in collections. */
  #pause = 0;

  constructor(options: RestOptions) {
    this.#options = options;
    this.#busy = options.busy ?? meterOfLoop();
    this.#heapBytes = options.heapBytes ?? (() => getHeapStatistics().total_heap_size);
    this.#collect = options.collect ?? collectEverything;
    this.#work = options.work();
  }

  /** Call every {@link LOOK_EVERY_MS}. */
  look(): void {
    const work = this.#options.work();
    const isAtRest = this.#busy() < BUSY && work === this.#work;
    this.#pause = Math.max(this.#pause - 1, 0);
    if (work !== this.#work && this.#collections > 0) {
      this.#collections = 0;
      this.#heapBefore = Number.POSITIVE_INFINITY;
      this.#pause = LOOKS_BETWEEN;
    }
    this.#work = work;
    this.#looksAtRest = isAtRest ? this.#looksAtRest + 1 : 0;
    if (this.#looksAtRest < LOOKS_AT_REST || this.#pause > 0 || this.#collections >= MOST_COLLECTIONS) return;
    const heapBytes = this.#heapBytes();
    if (heapBytes < MIN_HEAP_BYTES || heapBytes > this.#heapBefore - WORTH_BYTES) return;
    this.#heapBefore = heapBytes;
    this.#collections += 1;
    const begun = performance.now();
    this.#collect();
    this.#options.onCollected?.(performance.now() - begun);
  }
}

/** Watches this process until the returned function is called. */
export function collectAtRest(options: RestOptions): () => void {
  const watch = new RestWatch(options);
  const timer = setInterval(() => watch.look(), LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

function meterOfLoop(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}

let gc: (() => void) | undefined;

function collectEverything(): void {
  if (!gc) {
    setFlagsFromString('--expose-gc');
    gc = runInNewContext('gc') as () => void;
  }
  // V8 empties pages that are half empty, too, and not only those that are nearly so.
  setFlagsFromString('--optimize-for-size');
  try {
    gc();
  } finally {
    setFlagsFromString('--no-optimize-for-size');
  }
}
