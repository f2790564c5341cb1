import type { Figures } from '../measure/message-runs.ts';
import { percentile } from '../measure/statistics.ts';
import type { Sample } from './stage.ts';

export interface Row {
  name: string;
  samples: readonly Sample[];
}

/** Median and p95 of each number of each case, as Markdown. */
export function renderSamples(rows: readonly Row[]): string {
  const lines = ['| case | measured | median ms | p95 ms | of |', '|---|---|---|---|---|'];
  for (const { name, samples } of rows) {
    for (const column of Object.keys(samples[0] ?? {})) {
      const numbers = samples.map((sample) => sample[column]!);
      const cells = [name, column, percentile(numbers, 0.5), percentile(numbers, 0.95)].map((cell) =>
        typeof cell === 'number' ? cell.toFixed(0) : cell,
      );
      lines.push(`| ${cells.join(' | ')} | ${samples.length} |`);
    }
  }
  return lines.join('\n');
}

/** Everything else of a sample is a time. */
const isCount = (what: string): boolean => what === 'sessions' || what.endsWith('(count)');

/** The figures of each repetition, for a script. */
export const figuresOf = ({ name, samples }: Row): Figures[] =>
  samples.map((sample) => ({
    label: name,
    side: 'gateway',
    values: Object.fromEntries(
      Object.entries(sample).map(([what, value]) => [isCount(what) ? what : `${what}, ms`, value]),
    ),
  }));
