import { writeFileSync } from 'node:fs';
import type { RunCost } from './run-cost.ts';
import { nameStatement } from './statement-name.ts';
import { median, percentile } from './statistics.ts';

export type Side = 'gateway' | 'raw Baileys';

/** One measured run of one side. */
export interface MessageRun {
  /** The case, such as `50 sessions`. */
  label: string;
  side: Side;
  /** Completed messages, with their receipts and events. Costs are divided by this count. */
  messages: number;
  /** Messages per second, within the measured time. */
  rate: number;
  /** Latencies in milliseconds, by their name. */
  latencies: Record<string, readonly number[]>;
  cost: RunCost;
  /** Distinct events at the webhooks; `null`: this side has no webhooks. */
  events: number | null;
  failures: number;
}

/** The figures of one run, for a script. Values are numbers with their unit in the name. */
export interface Figures {
  label: string;
  side: string;
  values: Record<string, number>;
}

export interface FiguresFile {
  program: string;
  runs: readonly Figures[];
}

/** Processes that stand for WhatsApp and for customers. */
const OTHERS = new Set(['sandbox', 'load']);

const PERCENTILES = [50, 95, 99] as const;

export function figuresOf({ label, side, messages, rate, latencies, cost, events, failures }: MessageRun): Figures {
  const values: Record<string, number> = { 'messages/s': rate };
  for (const [what, times] of Object.entries(latencies)) {
    for (const share of PERCENTILES) values[`${what}, p${share} ms`] = percentile(times, share / 100);
  }
  const cpu = Object.entries(cost.cpuMs);
  const own = cpu.filter(([name]) => !OTHERS.has(name)).reduce((sum, [, ms]) => sum + ms, 0);
  values['CPU ms per message'] = own / messages;
  for (const [name, ms] of cpu) values[`CPU ms per message, ${name}`] = ms / messages;
  if (cost.database) {
    const { statements, transactions, walBytes } = cost.database;
    if (statements !== null) values['statements per message'] = statements / messages;
    values['transactions per message'] = transactions / messages;
    values['WAL bytes per message'] = walBytes / messages;
  }
  if (events !== null) values['events per message'] = events / messages;
  values.failures = failures;
  return { label, side, values };
}

export function writeFigures(file: string | undefined, program: string, runs: readonly Figures[]): void {
  if (file !== undefined) writeFileSync(file, `${JSON.stringify({ program, runs } satisfies FiguresFile, null, 1)}\n`);
}

/** A Markdown table of every run, and the ratio of the medians of both sides. */
export function renderRuns(runs: readonly MessageRun[]): string {
  const lines = [
    '| case | side | messages | per second | p50 / p95 / p99 ms | CPU ms per message, by process | CPU ms per message, without sandbox and load | statements | transactions | WAL bytes | events | failures |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...runs.map(row),
    '',
  ];
  for (const label of new Set(runs.map((run) => run.label))) {
    const rate = (side: Side) => median(runs.filter((run) => run.label === label && run.side === side).map(rateOf));
    const [ours, raw] = [rate('gateway'), rate('raw Baileys')];
    const ratio = Number.isNaN(raw) ? '' : ` against ${raw.toFixed(0)}/s raw, ratio ${(ours / raw).toFixed(2)}`;
    lines.push(`${label}: ${ours.toFixed(0)}/s${ratio} (medians)`);
  }
  return lines.join('\n');
}

const rateOf = ({ rate }: MessageRun): number => rate;

function row(run: MessageRun): string {
  const { values } = figuresOf(run);
  const { label, side, messages, rate, latencies, cost, failures } = run;
  const show = (name: string, digits: number) => values[name]?.toFixed(digits) ?? '';
  const times = Object.entries(latencies).map(([what, all]) => {
    const shown = PERCENTILES.map((share) => percentile(all, share / 100).toFixed(1)).join(' / ');
    return Object.keys(latencies).length > 1 ? `${what} ${shown}` : shown;
  });
  const cpu = Object.entries(cost.cpuMs).map(([name, ms]) => `${name} ${(ms / messages).toFixed(2)}`);
  const cells = [
    label,
    side,
    messages,
    rate.toFixed(rate < 100 ? 1 : 0),
    times.join('; '),
    cpu.join(', '),
    show('CPU ms per message', 2),
    show('statements per message', 2),
    show('transactions per message', 2),
    show('WAL bytes per message', 0),
    show('events per message', 2),
    failures,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The most frequent statements of a run: how often for a message, and what each took in PostgreSQL. */
export function renderStatements({ label, messages, cost }: MessageRun, top = 25): string {
  if (!cost.database) return '';
  const { byStatement } = cost.database;
  return [
    `Statements per message, ${label}, and the milliseconds that each was planned and run:`,
    ...byStatement.slice(0, top).map(({ query, calls, planMs, execMs }) => {
      const figures = [calls / messages, planMs / calls, execMs / calls];
      return `${figures.map((figure) => figure.toFixed(3).padStart(8)).join('')}  ${nameStatement(query)}`;
    }),
  ].join('\n');
}
