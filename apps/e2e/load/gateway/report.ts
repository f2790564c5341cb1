import type { Figures } from '../measure/message-runs.ts';
import type { RunCost } from '../measure/run-cost.ts';
import type { CannonResult } from './cannon.ts';

/** One run of the callers. */
export interface Run {
  label: string;
  side: 'gateway' | 'bare proxy';
  result: CannonResult;
  /** CPU of each process, in milliseconds. */
  cpuMs: Record<string, number>;
  /** Resident memory of the gateway afterwards. */
  residentMb: number | null;
  /** Of accepted messages: what they cost until all of them were sent. */
  untilSent?: RunCost | undefined;
}

export const requestsOf = ({ ok, refused }: CannonResult): number =>
  ok + Object.values(refused).reduce((sum, count) => sum + count, 0);

/** The figures of one run, for a script. */
export function figuresOf({ label, side, result, cpuMs, residentMb, untilSent }: Run): Figures {
  const { average, p50, p99 } = result.latency;
  const cpu = Object.entries(cpuMs).map(([name, ms]) => [`CPU ms per request, ${name}`, ms / requestsOf(result)]);
  const values: Record<string, number> = {
    'requests/s': result.requestsPerSecond,
    'average ms': average,
    'p50 ms': p50,
    'p99 ms': p99,
    ...(Object.fromEntries(cpu) as Record<string, number>),
    'not 2xx': requestsOf(result) - result.ok + result.errors,
    ...(residentMb !== null && { 'RSS of the gateway, MB': residentMb }),
    ...(untilSent && perAccepted(result, untilSent)),
  };
  // The rate of a bounded run follows from what was reached before: runs of two builds have to have the same name.
  return { label: label.replace(/ at \d+\/s/, ' at half of what was reached'), side, values };
}

function perAccepted({ ok }: CannonResult, { cpuMs, database }: RunCost): Record<string, number> {
  const cpu = Object.entries(cpuMs).map(([name, ms]) => [`CPU ms until sent, ${name}`, ms / ok]);
  return {
    ...(Object.fromEntries(cpu) as Record<string, number>),
    'CPU ms until sent': Object.values(cpuMs).reduce((sum, ms) => sum + ms, 0) / ok,
    ...(database && {
      'statements until sent': (database.statements ?? Number.NaN) / ok,
      'WAL bytes until sent': database.walBytes / ok,
    }),
  };
}

const failures = ({ refused, errors }: CannonResult): string =>
  [
    ...Object.entries(refused).map(([status, count]) => `${status} ×${count}`),
    ...(errors ? [`errors ×${errors}`] : []),
  ].join(', ') || '0';

function row({ label, side, result, cpuMs, residentMb }: Run): string {
  const count = requestsOf(result);
  const { average, p50, p99 } = result.latency;
  const cells = [
    label,
    side,
    result.requestsPerSecond.toFixed(0),
    average.toFixed(1),
    p50.toFixed(1),
    p99.toFixed(1),
    Object.entries(cpuMs)
      .map(([name, ms]) => `${name} ${(ms / count).toFixed(3)}`)
      .join(', '),
    residentMb === null ? '' : residentMb.toFixed(0),
    failures(result),
  ];
  return `| ${cells.join(' | ')} |`;
}

export const renderRuns = (runs: readonly Run[]): string =>
  [
    '| case | side | requests/s | average ms | p50 ms | p99 ms | CPU ms per request, by process | RSS of the gateway, MB | not 2xx |',
    '|---|---|---|---|---|---|---|---|---|',
    ...runs.map(row),
  ].join('\n');

/** A figure with its aim. */
export interface Figure {
  name: string;
  found: string;
  aim: string;
  reached: boolean;
}

export const renderFigures = (figures: readonly Figure[]): string =>
  [
    '| figure | found | aim | reached |',
    '|---|---|---|---|',
    ...figures.map(
      ({ name, found, aim, reached }) => `| ${name} | ${found} | ${aim} | ${reached ? 'yes' : '**no**'} |`,
    ),
  ].join('\n');
