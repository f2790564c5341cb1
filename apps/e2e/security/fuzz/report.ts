import type { Finding, FuzzReport } from './run-fuzz.ts';

/** The shown findings per kind and operation, which are usually one defect. */
const SHOWN_OF_EACH = 2;

export function describeFindings(findings: readonly Finding[]): string {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.operation}: ${finding.problem}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([key, group]) => [`${group.length} x ${key}`, ...group.slice(0, SHOWN_OF_EACH).map(describe)].join('\n'))
    .join('\n\n');
}

const describe = ({ index, actor, mutations, request, answer }: Finding): string =>
  `  #${index} as ${actor} (${mutations.join('; ') || 'valid'})\n    ${request}\n    ${answer}`;

/** Operations without a success: the code behind their checks was not reached. */
export function unreached({ statuses }: FuzzReport): string[] {
  return [...statuses]
    .filter(([, seen]) => ![...seen.keys()].some((status) => status < 300))
    .map(([operation]) => operation);
}

/** Adds the reports of two runs. */
export function sumReports(one: FuzzReport, other: FuzzReport): FuzzReport {
  const statuses = new Map([...one.statuses].map(([operation, seen]) => [operation, new Map(seen)]));
  for (const [operation, seen] of other.statuses) {
    const sums = statuses.get(operation) ?? new Map<number, number>();
    for (const [status, times] of seen) sums.set(status, (sums.get(status) ?? 0) + times);
    statuses.set(operation, sums);
  }
  return {
    requests: one.requests + other.requests,
    seconds: one.seconds + other.seconds,
    findings: [...one.findings, ...other.findings],
    slowestMs: Math.max(one.slowestMs, other.slowestMs),
    statuses,
  };
}

export function summarise(report: FuzzReport): string {
  const byClass = new Map<string, number>();
  for (const seen of report.statuses.values()) {
    for (const [status, times] of seen) {
      const key = `${Math.floor(status / 100)}xx`;
      byClass.set(key, (byClass.get(key) ?? 0) + times);
    }
  }
  const classes = [...byClass].sort(([a], [b]) => a.localeCompare(b)).map(([key, times]) => `${key} ${times}`);
  const { requests, seconds, slowestMs, findings } = report;
  return [
    `${requests} requests to ${report.statuses.size} operations in ${seconds.toFixed(1)} s, slowest ${Math.round(slowestMs)} ms, ${findings.length} findings`,
    `answers: ${classes.join(', ')}`,
    `never with success: ${unreached(report).join(', ') || 'none'}`,
  ].join('\n');
}
