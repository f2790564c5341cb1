import type { Figures } from '../measure/message-runs.ts';
import { nameStatement } from '../measure/statement-name.ts';
import { median, percentile } from '../measure/statistics.ts';
import type { LevelRun } from './level.ts';
import type { Dimension } from './options.ts';

/** The runs of one size, in the order of the rounds. */
export interface Series {
  dimension: Dimension;
  size: number;
  runs: readonly LevelRun[];
}

type Read = (run: LevelRun) => number;

const { values } = Object;

const ownCpu: Read = ({ cpuMs: { gateway, worker, postgres, redis } }) => gateway + worker + postgres + redis;
const statementMs: Read = ({ database, messages }) =>
  database.byStatement.reduce((sum, { planMs, execMs }) => sum + planMs + execMs, 0) / messages;

/** Numbers of one run by their name, with the unit. "Own" is what belongs to the product. */
const FIGURES: Record<string, Read> = {
  'CPU ms, own': ownCpu,
  'CPU ms, gateway': ({ cpuMs }) => cpuMs.gateway,
  'CPU ms, worker': ({ cpuMs }) => cpuMs.worker,
  'CPU ms, PostgreSQL': ({ cpuMs }) => cpuMs.postgres,
  'CPU ms, Redis': ({ cpuMs }) => cpuMs.redis,
  'CPU ms, sandbox': ({ cpuMs }) => cpuMs.sandbox,
  'PostgreSQL statements, ms': statementMs,
  statements: ({ database, messages }) => (database.statements ?? Number.NaN) / messages,
  'WAL bytes': ({ database, messages }) => database.walBytes / messages,
  'messages/s': ({ rate }) => rate,
  'send p50, ms': ({ latencies }) => percentile(latencies.send, 0.5),
  'send p95, ms': ({ latencies }) => percentile(latencies.send, 0.95),
  'inbound p50, ms': ({ latencies }) => percentile(latencies.inbound, 0.5),
};

/** One line of what a run took. */
export const describe = (size: number, run: LevelRun): string =>
  `  ${size}: ${Object.entries(FIGURES)
    .map(([name, read]) => `${name} ${show(read(run))}`)
    .join('; ')}`;

/**
 * A row for each figure: the medians of each size and, for the larger ones, the median over the rounds of its ratio to
 * the smallest in the same round.
 */
export function renderSeries(series: readonly Series[]): string {
  const [smallest, ...larger] = series;
  if (!smallest) return '';
  const sizes = series.map(({ size }) => size.toLocaleString('en').replaceAll(',', ' '));
  const lines = [
    `| ${smallest.dimension}, a message | ${sizes.join(' | ')} | ratio to ${sizes[0]} |`,
    `|---|${'---|'.repeat(sizes.length + 1)}`,
  ];
  for (const [name, read] of Object.entries(FIGURES)) {
    const medians = series.map(({ runs }) => show(median(runs.map(read))));
    const ratios = larger.map(({ runs }) =>
      median(runs.map((run, round) => read(run) / read(smallest.runs[round]!))).toFixed(2),
    );
    lines.push(`| ${name} | ${medians.join(' | ')} | ${ratios.join(', ')} |`);
  }
  return lines.join('\n');
}

interface Spent {
  calls: number;
  ms: number;
}

/** What each statement took for a message, by its short name, over all runs. */
function spentByStatement(runs: readonly LevelRun[]): Map<string, Spent> {
  const total = new Map<string, Spent>();
  const messages = runs.reduce((sum, run) => sum + run.messages, 0);
  for (const { database } of runs) {
    for (const { query, calls, planMs, execMs } of database.byStatement) {
      const name = nameStatement(query);
      const spent = total.get(name) ?? { calls: 0, ms: 0 };
      spent.calls += calls / messages;
      spent.ms += (planMs + execMs) / messages;
      total.set(name, spent);
    }
  }
  return total;
}

/** The statements whose time a message differs most between the smallest and the largest size. */
export function renderStatementGrowth(series: readonly Series[], top = 12): string {
  const [smallest, largest] = [series[0], series.at(-1)];
  if (!smallest || !largest) return '';
  const [few, many] = [spentByStatement(smallest.runs), spentByStatement(largest.runs)];
  const none: Spent = { calls: 0, ms: 0 };
  return [
    `Statements a message with ${smallest.size} and ${largest.size} ${smallest.dimension}: calls, ms; calls, ms`,
    ...[...new Set([...few.keys(), ...many.keys()])]
      .map((name) => ({ name, before: few.get(name) ?? none, after: many.get(name) ?? none }))
      .toSorted((a, b) => Math.abs(b.after.ms - b.before.ms) - Math.abs(a.after.ms - a.before.ms))
      .slice(0, top)
      .map(({ name, before, after }) => {
        const figures = [...values(before), ...values(after)].map((figure: number) => figure.toFixed(3).padStart(8));
        return `${figures.join('')}  ${name}`;
      }),
  ].join('\n');
}

/** The figures of each run, for a script. */
export const figuresOf = ({ dimension, size, runs }: Series): Figures[] =>
  runs.map((run) => ({
    label: `${dimension} ${size}`,
    side: 'gateway',
    values: Object.fromEntries(Object.entries(FIGURES).map(([name, read]) => [name, read(run)])),
  }));

const show = (figure: number): string => figure.toFixed(figure >= 100 ? 0 : figure >= 10 ? 1 : 2);
