/** The value that `share` of the values stay below; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Slope of a straight line through points, with the half width of its 95 % interval. */
export interface Trend {
  /** Of y per unit of x. */
  slope: number;
  /** The true slope is within `slope` ± `margin` with a probability of 95 %, if errors are independent. */
  margin: number;
  /** Mean of y. */
  mean: number;
}

/** Quantiles of Student's distribution at 97.5 %, by degrees of freedom from 1; 1.96 for many. */
const STUDENT = [
  12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/**
 * Least squares through at least three points.
 *
 * @throws {Error} of fewer points
 */
export function trendOf(points: readonly { x: number; y: number }[]): Trend {
  const count = points.length;
  if (count < 3) throw new Error(`A trend needs three points or more; there are ${count}`);
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / count;
  const [meanX, meanY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const spreadX = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  const unexplained = points.reduce((sum, { x, y }) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const error = Math.sqrt(unexplained / (count - 2) / spreadX);
  return { slope, margin: (STUDENT[count - 3] ?? 1.96) * error, mean: meanY };
}
