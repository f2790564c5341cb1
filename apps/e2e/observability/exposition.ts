/** A series as a process shows it. */
export interface Series {
  name: string;
  labels: Record<string, string>;
}

export interface Exposition {
  /** Types by the names of metrics. */
  types: Map<string, string>;
  series: Series[];
}

const SERIES = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads the text format of Prometheus, as far as it is asked about here. */
export function readExposition(text: string): Exposition {
  const lines = text.split('\n');
  const types = lines.flatMap((line) => {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    return name === undefined || type === undefined ? [] : [[name, type] as const];
  });
  const series = lines.flatMap((line) => {
    const [, name, labels = ''] = SERIES.exec(line) ?? [];
    if (name === undefined) return [];
    return [
      { name, labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, label, value]) => [label, value])) },
    ];
  });
  return { types: new Map(types), series };
}
