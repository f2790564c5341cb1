import type { Verdict } from '../chaos/judge.ts';

/** What happened during a step, and in the calm after it. */
export interface Step {
  name: string;
  seconds: number;
  /** Answers that were no acceptance, by code: customers asked again. */
  refused: Record<string, number>;
  /** Answers to customers that read. */
  reads: Record<string, number>;
}

const codes = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([code, count]) => `${code} ×${count}`)
    .join(', ') || 'nothing';

/** A table of the steps, a table of what must be 0, and examples of what is not. */
export function renderSteps(steps: readonly Step[], verdicts: readonly Verdict[]): string {
  return [
    '| step | s | refused meanwhile | answers to readers |',
    '|---|---|---|---|',
    ...steps.map(
      ({ name, seconds, refused, reads }) =>
        `| ${name} | ${seconds.toFixed(1)} | ${codes(refused)} | ${codes(reads)} |`,
    ),
    '',
    '| must be 0 | found |',
    '|---|---|',
    ...verdicts.map(({ what, count }) => `| ${what} | ${count} |`),
    ...verdicts
      .filter(({ count }) => count > 0)
      .flatMap(({ what, examples }) => ['', `${what}:`, ...examples.map((one) => `  ${one}`)]),
  ].join('\n');
}
