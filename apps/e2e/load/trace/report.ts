import { median, percentile } from '../measure/statistics.ts';
import type { Hop } from './path.ts';
import type { Point, RecordedProcess } from './points.ts';
import type { ServerTimes } from './server-times.ts';

/** One outcome of a flow, traced for many messages. */
export interface Trace {
  name: string;
  paths: readonly (readonly Hop[])[];
  /** All points of each message until its outcome, on the path or not. */
  windows: readonly (readonly Point[])[];
}

interface Row {
  process: string;
  name: string;
  at: number[];
  ms: number[];
}

/** Hops that fewer messages have are summed up in one row. */
const SELDOM = 0.1;

const totalOf = (path: readonly Hop[]): number => path.reduce((sum, { ms }) => sum + ms, 0);
const shown = (ms: number): string => ms.toFixed(2);
const share = (part: number, of: number): string => `${((100 * part) / of).toFixed(1)} %`;

/** The hops of all paths; the second time of a hop in one path is a row of its own. */
export function rowsOf(paths: readonly (readonly Hop[])[]): Row[] {
  const rows = new Map<string, Row>();
  for (const path of paths) {
    const seen = new Map<string, number>();
    for (const { process, name, at, ms } of path) {
      const key = `${process} ${name}`;
      const time = (seen.get(key) ?? 0) + 1;
      seen.set(key, time);
      const row = rows.get(`${key} ${time}`) ?? { process, name, at: [], ms: [] };
      row.at.push(at);
      row.ms.push(ms);
      rows.set(`${key} ${time}`, row);
    }
  }
  return [...rows.values()].toSorted((a, b) => median(a.at) - median(b.at));
}

/** What the time went into, in milliseconds of all paths together, the most first. */
export function spendingOf(paths: readonly (readonly Hop[])[]): [string, number][] {
  const spent = new Map<string, number>();
  for (const { spentOn, ms } of paths.flat()) spent.set(spentOn, (spent.get(spentOn) ?? 0) + ms);
  return [...spent].toSorted(([, a], [, b]) => b - a);
}

/** The path, what its time went into, and the statements meanwhile, as Markdown. */
export function renderTrace({ name, paths, windows }: Trace, server: ServerTimes): string {
  const totals = paths.map(totalOf);
  const all = totals.reduce((sum, one) => sum + one, 0);
  const rows = rowsOf(paths);
  const usual = rows.filter(({ ms }) => ms.length >= SELDOM * paths.length);
  const seldomMs = rows
    .filter((row) => !usual.includes(row))
    .reduce((sum, { ms }) => sum + ms.reduce((total, one) => total + one, 0), 0);
  const lines = [
    `**${name}**: p50 ${shown(median(totals))} ms, p95 ${shown(percentile(totals, 0.95))} ms, mean ${shown(all / totals.length)} ms, ${totals.length} messages`,
    '',
    '| at ms | process | hop | ms (median) | p95 ms | in % of the messages | share of the time |',
    '|---|---|---|---|---|---|---|',
    ...usual.map((row) => {
      const spent = row.ms.reduce((sum, one) => sum + one, 0);
      const cells = [
        shown(median(row.at)),
        row.process,
        row.name,
        shown(median(row.ms)),
        shown(percentile(row.ms, 0.95)),
        ((100 * row.ms.length) / paths.length).toFixed(0),
        share(spent, all),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
    `|  |  | hops of fewer than ${100 * SELDOM} % of the messages |  |  |  | ${share(seldomMs, all)} |`,
    '',
    '| the time went into | ms per message | share |',
    '|---|---|---|',
    ...spendingOf(paths).map(([what, ms]) => `| ${what} | ${shown(ms / paths.length)} | ${share(ms, all)} |`),
    '',
    '| statements until then, on the path or not | per message | ms to the result (median) | planning ms (mean) | executing ms (mean) |',
    '|---|---|---|---|---|',
    ...statementsOf(windows).map(({ process, name: statement, ms }) => {
      const own = server.statements.get(statement);
      const cells = [
        `${process}: ${statement}`,
        (ms.length / windows.length).toFixed(2),
        shown(median(ms)),
        own ? shown(own.planningMs) : '',
        own ? shown(own.executingMs) : '',
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
  return lines.join('\n');
}

interface StatementRow {
  process: string;
  name: string;
  ms: number[];
}

function statementsOf(windows: readonly (readonly Point[])[]): StatementRow[] {
  const found = new Map<string, StatementRow>();
  for (const points of windows) {
    for (const { kind, side, name, process, answers, at } of points) {
      if (kind !== 'statement' || side !== 'in' || answers === undefined) continue;
      const row = found.get(`${process} ${name}`) ?? { process, name, ms: [] };
      row.ms.push(at - points[answers]!.at);
      found.set(`${process} ${name}`, row);
    }
  }
  return [...found.values()]
    .filter(({ ms }) => ms.length >= SELDOM * windows.length)
    .toSorted((a, b) => b.ms.length - a.ms.length);
}

/** Event loops and garbage collection of the processes, as Markdown. */
export function renderProcesses(processes: readonly ({ name: string } & RecordedProcess)[], messages: number): string {
  return [
    '| process | CPU ms per message, with the pauses | event loop busy | late ms: p50 / p99 / max | in collections, ms per message |',
    '|---|---|---|---|---|',
    ...processes.map(({ name, cpuMs, busyShare, lateMs: { p50, p99, max }, collectingMs }) => {
      const late = [p50, p99, max].map((ms) => ms.toFixed(1)).join(' / ');
      const cells = [name, (cpuMs / messages).toFixed(1), share(busyShare, 1), late, shown(collectingMs / messages)];
      return `| ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}
