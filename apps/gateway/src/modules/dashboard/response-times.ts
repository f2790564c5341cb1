import { millisecondsAt } from '@wa-gate/messaging';

/** Messages whose response time lies in a bucket of `message_response_statistics`. */
export interface BucketCount {
  bucket: number;
  count: number;
}

/**
 * The response time below which a share of the messages lies, as `percentile_cont` of PostgreSQL, to 3 %: inside of a
 * bucket the times are taken as spread evenly. `null` without any.
 */
export function percentileOf(counts: readonly BucketCount[], share: number): number | null {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * (total - 1);
  let before = 0;
  for (const { bucket, count } of counts.toSorted((a, b) => a.bucket - b.bucket)) {
    if (rank < before + count) return millisecondsAt(bucket, (rank - before + 0.5) / count);
    before += count;
  }
  return null;
}
