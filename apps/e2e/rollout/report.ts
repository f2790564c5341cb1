import { renderSteps } from '../rolling-upgrade/steps.ts';
import type { Requests, RolloutReport } from './run-rollout.ts';

const answered = ({ requests, failed }: Requests): number => 100 * (1 - failed / Math.max(1, requests));

/** The share of requests that were answered, in percent. */
export const availability = ({ sends, reads }: RolloutReport): number =>
  answered({ requests: sends.requests + reads.requests, failed: sends.failed + reads.failed });

const line = (what: string, of: Requests): string =>
  `${of.requests} ${what}, ${of.failed} failed: ${answered(of).toFixed(3)} % available.`;

export function renderReport(report: RolloutReport): string {
  const { steps, verdicts, accepted, written, sends, reads, minutes, machine } = report;
  return [
    `${minutes.toFixed(1)} minutes, ${steps.length} rehearsals: ${accepted} sends accepted, ${written} messages written to the sessions.`,
    `${machine}.`,
    line('sends of customers', sends),
    line('questions of customers', reads),
    line('requests together', { requests: sends.requests + reads.requests, failed: sends.failed + reads.failed }),
    '',
    renderSteps(steps, verdicts),
  ].join('\n');
}

export const isClean = ({ verdicts }: RolloutReport): boolean => verdicts.every(({ count }) => count === 0);
