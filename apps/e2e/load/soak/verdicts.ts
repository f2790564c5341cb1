import { trendOf } from '../measure/statistics.ts';

/** One value over time. */
export interface Series {
  name: string;
  unit: 'MB' | 'kB' | 'rows' | 'bytes per row';
  /** Growth over the measured time that is tolerated: caches, pages of a table. */
  tolerated: { share: number; least: number };
  points: readonly { seconds: number; value: number }[];
}

/** `uncertain`: the interval of the growth holds what is tolerated and what is not. */
export type Flatness = 'flat' | 'grows' | 'uncertain';

export interface Verdict {
  series: Series;
  first: number;
  last: number;
  /** Over the measured time, by the line through all points, with the half width of its 95 % interval. */
  growth: number;
  margin: number;
  flatness: Flatness;
}

/** Judges points after the warm-up. What shrinks is flat. */
export function judge(series: Series): Verdict {
  const { points, tolerated } = series;
  const { slope, margin, mean } = trendOf(points.map(({ seconds, value }) => ({ x: seconds, y: value })));
  const time = points.at(-1)!.seconds - points[0]!.seconds;
  const growth = slope * time;
  const half = margin * time;
  const allowed = Math.max(tolerated.share * mean, tolerated.least);
  const flatness = growth + half <= allowed ? 'flat' : growth - half > allowed ? 'grows' : 'uncertain';
  return { series, first: points[0]!.value, last: points.at(-1)!.value, growth, margin: half, flatness };
}

/** As Markdown, growing values first. */
export function renderVerdicts(verdicts: readonly Verdict[]): string {
  const order: Flatness[] = ['grows', 'uncertain', 'flat'];
  const rows = verdicts.toSorted((a, b) => order.indexOf(a.flatness) - order.indexOf(b.flatness));
  return [
    '| what | first | last | growth over the measured time (95 %) | verdict |',
    '|---|---|---|---|---|',
    ...rows.map(({ series: { name, unit }, first, last, growth, margin, flatness }) => {
      const digits = unit === 'rows' || unit === 'kB' ? 0 : 1;
      const shown = (value: number) => value.toFixed(digits);
      const verdict = flatness === 'flat' ? flatness : `**${flatness}**`;
      return `| ${name}, ${unit} | ${shown(first)} | ${shown(last)} | ${shown(growth)} ± ${shown(margin)} | ${verdict} |`;
    }),
  ].join('\n');
}
