import Table from 'cli-table3';

/** One column of a table for people. */
export interface Column<Row> {
  title: string;
  value: (row: Row) => string | number | null | undefined;
  align?: 'left' | 'right';
}

const NO_LINES = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((place) => [place, '']),
);

/** A table for people, without lines, as other command-line programs print it. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const made = new Table({
    head: columns.map(({ title }) => title.toUpperCase()),
    chars: { ...NO_LINES },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
    colAligns: columns.map(({ align = 'left' }) => align),
  });
  for (const row of rows) made.push(columns.map(({ value }) => String(value(row) ?? '-')));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Names and values, one on each line. */
export function fields(
  values: readonly (readonly [name: string, value: string | number | null | undefined])[],
): string {
  const width = Math.max(...values.map(([name]) => name.length));
  return values.map(([name, value]) => `${`${name}:`.padEnd(width + 2)}${value ?? '-'}`).join('\n');
}

/** `3 s`, `5 min`, `2 h`, `4 d`: how long ago something was. */
export function age(then: string | Date | null, now = Date.now()): string | null {
  if (then === null) return null;
  const seconds = Math.max(0, Math.round((now - new Date(then).getTime()) / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [count, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
