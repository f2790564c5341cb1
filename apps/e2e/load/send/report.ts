import { type LoopResult, percentile } from '../measure/closed-loop.ts';
import type { DatabaseWork } from '../measure/database-work.ts';

/** One measured run of one side. */
export interface Run {
  label: string;
  side: 'ours' | 'raw';
  result: LoopResult;
  cpuMs: Record<string, number>;
  /** `null`: the raw side has no database. */
  database: DatabaseWork | null;
}

export const rate = ({ count, seconds }: LoopResult): number => count / seconds;

function row({ label, side, result, cpuMs, database }: Run): string {
  const perMessage = Object.entries(cpuMs).map(([name, ms]) => `${name} ${(ms / result.count).toFixed(2)}`);
  const total = Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0);
  const cells = [
    label,
    side === 'ours' ? 'gateway API' : 'raw Baileys',
    String(result.count),
    rate(result).toFixed(0),
    percentile(result.latenciesMs, 0.5).toFixed(1),
    percentile(result.latenciesMs, 0.95).toFixed(1),
    perMessage.join(', '),
    `${(total / result.count).toFixed(2)} (${(total / 10 / result.seconds).toFixed(0)} %)`,
    database ? (database.transactions / result.count).toFixed(2) : '',
    database ? (database.walBytes / result.count).toFixed(0) : '',
    String(result.failures),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** A Markdown table of every run, and the ratio of the medians. */
export function renderReport(runs: readonly Run[]): string {
  const lines = [
    '| case | side | messages | acknowledged/s | p50 ms | p95 ms | CPU ms per message, by process | all (of one core) | transactions per message | WAL bytes per message | failures |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...runs.map(row),
    '',
  ];
  for (const label of new Set(runs.map((run) => run.label))) {
    const median = (side: Run['side']) =>
      percentile(
        runs.filter((run) => run.label === label && run.side === side).map(({ result }) => rate(result)),
        0.5,
      );
    const [ours, raw] = [median('ours'), median('raw')];
    lines.push(
      `${label}: ${ours.toFixed(0)}/s against ${raw.toFixed(0)}/s raw, ratio ${(ours / raw).toFixed(2)} (medians)`,
    );
  }
  return lines.join('\n');
}
