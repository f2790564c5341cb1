/** Milliseconds of two requests that were sent one right after the other. */
export type PairOfTimes = readonly [one: number, other: number];

export interface PairedDifference {
  /** Milliseconds of a request of the first kind. */
  usualMs: number;
  /** Milliseconds by which the other kind is slower; negative: faster. */
  differenceMs: number;
  /** The bounds of the true difference, with a confidence of 95 %. */
  leastMs: number;
  mostMs: number;
  pairs: number;
  /** The side of the tolerance on which the bounds are; `unclear`: on both. */
  verdict: 'same' | 'different' | 'unclear';
}

export interface Measurement {
  /** Sends both in the given order, which must alternate. */
  measure: (otherFirst: boolean) => Promise<PairOfTimes>;
  /** The share of the usual time that counts as no difference. */
  tolerance: number;
  warmUpPairs: number;
  roundPairs: number;
  mostPairs: number;
}

/**
 * The difference between two kinds of requests: the median of the differences of pairs. Other load of the machine
 * affects both requests of a pair or is an outlier, and neither changes a median. The measurement ends when the
 * difference is on one side of the tolerance for certain: soon on an idle machine, later on a busy one.
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

/** 97.5 % of a normal distribution are below this many deviations. */
const DEVIATIONS = 1.96;

function comparePairs(pairs: readonly PairOfTimes[], tolerance: number): PairedDifference {
  const differences = pairs.map(([one, other]) => other - one).toSorted((a, b) => a - b);
  // The ranks around a median follow from the count alone (a sign test), for any distribution.
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
