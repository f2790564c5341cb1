import type { Bucket } from './buckets.ts';

/**
 * The state of the buckets of one request. `counts` and `resets` (in milliseconds from now) are in the order of the
 * buckets.
 */
export interface Verdict {
  /**
   * The index of the bucket that is used up, of several the one with the longest rest of its window. -1: all had room;
   * only then the request was counted.
   */
  refusedBy: number;
  counts: number[];
  resets: number[];
  /** How many each allows: the limit, or the share of one gateway while Redis is away. */
  maxima: number[];
}

/** Somewhere to count. */
export interface Counters {
  /** Takes from all buckets, or from none; counts the hit for usage with it. */
  take(buckets: readonly Bucket[], hit: string | null): Promise<Verdict> | Verdict;
  /** Takes one back of each, where the window in which it was counted is not over. */
  giveBack(keys: readonly string[]): Promise<void> | void;
}
