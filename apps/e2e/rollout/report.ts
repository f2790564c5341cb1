import { renderSteps } from '../rolling-upgrade/steps.ts';
import type { RolloutReport } from './run-rollout.ts';

/** The share of requests that were answered, in percent. */
export const availability = ({ requests, failed }: RolloutReport): number => 100 * (1 - failed / Math.max(1, requests));

export function renderReport(report: RolloutReport): string {
  const { steps, verdicts, accepted, written, requests, failed, minutes } = report;
  return [
    `${minutes.toFixed(1)} minutes, ${steps.length} rehearsals: ${accepted} sends accepted, ${written} messages written to the sessions.`,
    `${requests} requests of customers, ${failed} failed: ${availability(report).toFixed(3)} % available.`,
    '',
    renderSteps(steps, verdicts),
  ].join('\n');
}

export const isClean = ({ verdicts }: RolloutReport): boolean => verdicts.every(({ count }) => count === 0);
