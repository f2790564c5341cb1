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
  /**
   * Takes one back of each, where the window in which it was counted is not over. Of a bucket that counts accounts, its
   * account is taken out.
   */
  giveBack(buckets: readonly Pick<Bucket, 'key' | 'account' | 'cost'>[]): Promise<void> | void;
  /** The keys of all buckets that have counted something and begin with this. */
  keysOf(prefix: string): Promise<string[]> | string[];
  /** What these buckets hold; `null` for one that has counted nothing. */
  look(keys: readonly string[]): Promise<(Held | null)[]> | (Held | null)[];
  /** Forgets what a bucket has counted. */
  forget(key: string): Promise<void> | void;
}

/** What a bucket holds now. */
export interface Held {
  count: number;
  /** The rest of its window in milliseconds. */
  resetMs: number;
  /** The accounts, of a bucket that counts them. */
  accounts: string[];
  /** Among how many its limit is divided. */
  share: number;
}
