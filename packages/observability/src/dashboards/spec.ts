/** A dashboard as we describe it; {@link buildDashboard} makes Grafana's model of it. */
export interface DashboardSpec {
  /** Name of the file, and the end of the uid. */
  name: string;
  title: string;
  description: string;
  rows: readonly RowSpec[];
}

export interface RowSpec {
  title: string;
  panels: readonly PanelSpec[];
}

export interface PanelSpec {
  kind: 'timeseries' | 'stat';
  title: string;
  /** What to see in it. */
  description: string;
  /** One of Grafana's units. */
  unit: Unit;
  queries: readonly QuerySpec[];
  /** Series lie upon each other. @default false */
  stacked?: boolean;
  /** Of 24 columns. @default 12, of a stat 4 */
  width?: number;
}

/** An expression of PromQL, and the name of its series. */
export type QuerySpec = readonly [expr: string, legend: string];

/** Units of Grafana: plain numbers, per second, seconds, bytes, shares of 1, truth. */
export type Unit = 'short' | 'ops' | 'reqps' | 's' | 'bytes' | 'Bps' | 'percentunit' | 'bool' | 'none';

/** A curve over time. */
export const curve = (
  title: string,
  unit: Unit,
  queries: readonly QuerySpec[],
  description: string,
  more: Pick<PanelSpec, 'stacked' | 'width'> = {},
): PanelSpec => ({ kind: 'timeseries', title, unit, queries, description, ...more });

/** One number, the present one. */
export const figure = (title: string, unit: Unit, expr: string, description: string): PanelSpec => ({
  kind: 'stat',
  title,
  unit,
  queries: [[expr, '']],
  description,
});

/** Median, 95 % and 99 % of a histogram. */
export const quantiles = (histogram: string, by = ''): QuerySpec[] =>
  [0.5, 0.95, 0.99].map((q) => [
    `histogram_quantile(${q}, sum by (le${by && `, ${by}`}) (rate(${histogram}_bucket[$__rate_interval])))`,
    `${q * 100} %${by && ` {{${by}}}`}`,
  ]);
