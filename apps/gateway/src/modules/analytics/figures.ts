import { METRIC_RANGES, type MetricRange } from '@wa-gate/contracts';

const HOUR_MS = 3_600_000;
const RANGE_MS: Record<MetricRange, number> = {
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 7 * 24 * HOUR_MS,
  '30d': 30 * 24 * HOUR_MS,
};

export const DEFAULT_RANGE: MetricRange = METRIC_RANGES[1];

/** The time that a range covers now. */
export function periodOf(range: MetricRange): { from: Date; to: Date } {
  const to = new Date();
  return { from: new Date(to.getTime() - RANGE_MS[range]), to };
}

/** One digit after the point. */
export const round = (value: number): number => Math.round(value * 10) / 10;

/** In percent; 0 where there is nothing to count. */
export const percent = (part: number, whole: number): number => (whole > 0 ? round((100 * part) / whole) : 0);

/** 0 of nothing. */
export const average = (values: readonly number[]): number =>
  values.length > 0 ? round(values.reduce((sum, value) => sum + value, 0) / values.length) : 0;

/** A count for each word, 0 for those that do not occur. */
export function countBy<Word extends string, Row extends { count: number }>(
  words: readonly Word[],
  rows: readonly Row[],
  wordOf: (row: Row) => string,
): Record<Word, number> {
  const counts = Object.fromEntries(words.map((word) => [word, 0])) as Record<string, number>;
  for (const row of rows) {
    const word = wordOf(row);
    counts[word] = (counts[word] ?? 0) + row.count;
  }
  return counts;
}

/** A part of a period: from, inclusive, to, exclusive. */
export interface Slice {
  from: Date;
  /** `null`: until now, by the clock of the database. */
  to: Date | null;
  /** From midnight to midnight in UTC. */
  isWholeDay: boolean;
}

const DAY_MS = 86_400_000;

/**
 * The days of a period; of the first and the last day only the part in the period. Each day is counted in one statement
 * with a time-out.
 */
export function daysOf({ from, to }: { from: Date; to: Date }): Slice[] {
  const slices: Slice[] = [];
  for (let begin = from.getTime(); begin < to.getTime(); ) {
    const midnight = begin - (begin % DAY_MS) + DAY_MS;
    const end = Math.min(midnight, to.getTime());
    const isLast = end === to.getTime();
    slices.push({
      from: new Date(begin),
      to: isLast ? null : new Date(end),
      isWholeDay: !isLast && end - begin === DAY_MS,
    });
    begin = end;
  }
  return slices;
}
