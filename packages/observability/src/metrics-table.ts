import { METRICS, type MetricDefinition } from '@wa-gate/kit';

const BEGIN = '<!-- metrics: made by packages/observability, do not edit -->';
const END = '<!-- /metrics -->';

const labelsOf = ({ labels = {} }: MetricDefinition): string =>
  Object.entries(labels)
    .map(
      ([label, values]) =>
        `\`${label}\`: ${typeof values === 'string' ? values : values.map((value) => `\`${value}\``).join(', ')}`,
    )
    .join('; ');

/** Every metric as a table of Markdown. */
export function metricsTable(): string {
  const rows = Object.entries(METRICS as Record<string, MetricDefinition>).map(([name, definition]) => {
    const { type, unit, from, help } = definition;
    return `| \`${name}\` | ${type} | ${unit} | ${from.join(', ')} | ${help} | ${labelsOf(definition)} |`;
  });
  return ['| metric | type | unit | from | meaning | labels |', '| --- | --- | --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

/** A page with the present table in place of the one that it has. @throws {Error} when it has none */
export function withMetricsTable(page: string): string {
  const [before, rest, ...others] = page.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || others.length > 0)
    throw new Error('The page has no table of metrics.');
  return `${before}${BEGIN}\n\n${metricsTable()}\n\n${END}${after}`;
}
