/** Times of two requests that were sent right after each other, in milliseconds. */
export type PairOfTimes = readonly [one: number, other: number];

export interface PairedDifference {
  /** What one of the first kind takes. */
  usualMs: number;
  /** By how much the other kind is slower; negative: faster. */
  differenceMs: number;
  /** The true difference lies between these two, nineteen times of twenty. */
  leastMs: number;
  mostMs: number;
  pairs: number;
  /** On which side of the tolerance that is; `unclear`: on both. */
  verdict: 'same' | 'different' | 'unclear';
}

export interface Measurement {
  /** Sends both, in the order that it is told: whoever comes second must not always be the same. */
  measure: (otherFirst: boolean) => Promise<PairOfTimes>;
  /** Share of the usual time that is no difference yet. */
  tolerance: number;
  warmUpPairs: number;
  roundPairs: number;
  mostPairs: number;
}

/**
 * What two kinds of requests differ by, by the median of the differences of pairs: what else the machine does at the
 * moment hits both of a pair or is an outlier, and neither moves a median. It is measured until the difference is known
 * well enough to say on which side of the tolerance it is: soon on a quiet machine, later on a busy one.
 */
export async function measurePairs(options: Measurement): Promise<PairedDifference> {
  const { measure, tolerance, warmUpPairs, roundPairs, mostPairs } = options;
  for (let pair = 0; pair < warmUpPairs; pair++) await measure(pair % 2 === 1);
  const pairs: PairOfTimes[] = [];
  for (;;) {
    for (let pair = 0; pair < roundPairs; pair++) pairs.push(await measure(pair % 2 === 1));
    const difference = comparePairs(pairs, tolerance);
    if (difference.verdict !== 'unclear' || pairs.length >= mostPairs) return difference;
  }
}

/** 97.5 % of a normal distribution are below so many deviations. */
const DEVIATIONS = 1.96;

function comparePairs(pairs: readonly PairOfTimes[], tolerance: number): PairedDifference {
  const differences = pairs.map(([one, other]) => other - one).toSorted((a, b) => a - b);
  // The ranks between which a median lies follow from their number alone (a sign test), whatever the distribution.
  const margin = (DEVIATIONS * Math.sqrt(differences.length)) / 2;
  const middle = (differences.length - 1) / 2;
  const leastMs = differences[Math.max(0, Math.floor(middle - margin))]!;
  const mostMs = differences[Math.min(differences.length - 1, Math.ceil(middle + margin))]!;
  const usualMs = medianOf(pairs.map(([one]) => one));
  const verdict = verdictOn(leastMs, mostMs, usualMs * tolerance);
  return { usualMs, differenceMs: medianOf(differences), leastMs, mostMs, pairs: pairs.length, verdict };
}

function verdictOn(leastMs: number, mostMs: number, boundMs: number): PairedDifference['verdict'] {
  if (-boundMs < leastMs && mostMs < boundMs) return 'same';
  return leastMs > boundMs || mostMs < -boundMs ? 'different' : 'unclear';
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
}
