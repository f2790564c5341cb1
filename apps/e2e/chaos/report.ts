import type { ChaosOptions } from './options.ts';
import type { PlannedFault } from './plan.ts';
import { type ChaosReport, countByKind, type FaultReport } from './run-chaos.ts';

const seconds = (ms: number): string => (ms === 0 ? '' : (ms / 1_000).toFixed(1));
const cells = (...values: (string | number)[]): string => `| ${values.join(' | ')} |`;
const codes = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([code, count]) => `${code} ×${count}`)
    .join(', ');

/** Renders the plan of a seed. */
export function renderPlan(plan: readonly PlannedFault[]): string {
  return [
    '| # | fault | target | lasts s | calm before s |',
    '|---|---|---|---|---|',
    ...plan.map(({ index, kind, target, lastsMs, calmMs }) =>
      cells(index, kind, target, seconds(lastsMs), seconds(calmMs)),
    ),
  ].join('\n');
}

function faultRow({ fault, atS, recoveredS, inSending, failures }: FaultReport): string {
  const { index, kind, target, lastsMs } = fault;
  const whole = recoveredS === null ? 'no' : recoveredS.toFixed(1);
  return cells(index, atS.toFixed(0), kind, target, seconds(lastsMs), whole, inSending, codes(failures));
}

/** Renders the faults with their effects, and the counts that must be 0. */
export function renderReport(options: ChaosOptions, report: ChaosReport): string {
  const { faults, verdicts, minutes, accepted, written } = report;
  const kinds = [...countByKind(faults)].map(([kind, count]) => `${kind} ${count}`);
  return [
    `Seed ${options.seed}, ${minutes.toFixed(1)} minutes, ${options.sessions} sessions, ${options.workers} workers, ${options.gateways} gateways.`,
    `${accepted} sends accepted (${(accepted / minutes / 60).toFixed(1)}/s), ${written} messages written to the sessions, ` +
      `${faults.length} faults, ${report.placementChanges} placement changes, ${report.webhookRepeats} webhook repeats under the same id, ` +
      `${report.askedAgain.length} messages that a phone could not read at first.`,
    ...report.askedAgain.slice(0, 8).map((record) => `  ${record}`),
    `Faults: ${kinds.join(', ')}.`,
    `Refused between the faults: ${codes(report.failuresInCalm) || 'nothing'}.`,
    '',
    '| # | at s | fault | target | lasts s | whole after s | in `sending` | refused meanwhile |',
    '|---|---|---|---|---|---|---|---|',
    ...faults.map(faultRow),
    '',
    '| must be 0 | found |',
    '|---|---|',
    ...verdicts.map(({ what, count }) => cells(what, count)),
    ...verdicts
      .filter(({ count }) => count > 0)
      .flatMap(({ what, examples }) => ['', `${what}:`, ...examples.map((example) => `  ${example}`)]),
  ].join('\n');
}

export const isClean = ({ verdicts }: ChaosReport): boolean => verdicts.every(({ count }) => count === 0);
