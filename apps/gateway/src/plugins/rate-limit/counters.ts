import type { Bucket } from './buckets.ts';

/** What the buckets of one request say. `counts` and `resets` (in milliseconds from now) go by the order of the buckets. */
export interface Verdict {
  /** The bucket that is used up, of several the one that stays so longest; -1 when all had room, and only then anything was counted. */
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
