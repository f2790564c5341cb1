import type { Figures } from '../measure/message-runs.ts';
import { median } from '../measure/statistics.ts';

export type Version = 'before' | 'after';

/** The figures of one run of a program. */
export interface Turn {
  program: string;
  version: Version;
  runs: readonly Figures[];
}

/** One figure over all turns. */
export interface Comparison {
  program: string;
  label: string;
  figure: string;
  before: readonly number[];
  after: readonly number[];
  /** What is not ours and was measured in the same runs, such as raw Baileys. */
  others: { side: string; before: readonly number[]; after: readonly number[] }[];
}

/** Of everything that was measured in both versions. */
export function compareTurns(turns: readonly Turn[]): Comparison[] {
  const comparisons = new Map<string, Comparison & { before: number[]; after: number[] }>();
  const others = new Map<string, Map<string, Record<Version, number[]>>>();
  for (const { program, version, runs } of turns) {
    for (const { label, side, values } of runs) {
      for (const [figure, value] of Object.entries(values)) {
        const key = JSON.stringify([program, label, figure]);
        if (side === 'gateway') {
          const known = comparisons.get(key) ?? { program, label, figure, before: [], after: [], others: [] };
          known[version].push(value);
          comparisons.set(key, known);
        } else {
          const sides = others.get(key) ?? new Map<string, Record<Version, number[]>>();
          const known = sides.get(side) ?? { before: [], after: [] };
          known[version].push(value);
          others.set(key, sides.set(side, known));
        }
      }
    }
  }
  return [...comparisons]
    .filter(([, { before, after }]) => before.length > 0 && after.length > 0)
    .map(([key, comparison]) => ({
      ...comparison,
      others: [...(others.get(key) ?? [])].map(([side, values]) => ({ side, ...values })),
    }));
}

const shown = (value: number): string =>
  Number.isNaN(value) ? '' : value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);

const withSpread = (values: readonly number[]): string =>
  `${shown(median(values))} (${shown(Math.min(...values))} to ${shown(Math.max(...values))})`;

/** Of two medians; empty when the second one is 0. */
const ratio = (values: readonly number[], of: readonly number[]): string => {
  const below = median(of);
  return below === 0 || Number.isNaN(below) ? '' : (median(values) / below).toFixed(2);
};

/** Medians with their spread, as Markdown. */
export function renderComparisons(comparisons: readonly Comparison[]): string {
  return [
    '| run | figure | before | after | after/before | beside it | before/it | after/it |',
    '|---|---|---|---|---|---|---|---|',
    ...comparisons.map(({ program, label, figure, before, after, others }) => {
      const [other] = others;
      const cells = [
        `${program}, ${label}`,
        figure,
        withSpread(before),
        withSpread(after),
        ratio(after, before),
        other ? `${other.side} ${withSpread([...other.before, ...other.after])}` : '',
        other ? ratio(before, other.before) : '',
        other ? ratio(after, other.after) : '',
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}
