export interface LoopResult {
  /** What was done and confirmed inside the measured time. */
  count: number;
  failures: number;
  firstFailure: string | undefined;
  /** Of the measured time; the last ones that were begun in it are waited for and counted in neither. */
  seconds: number;
  latenciesMs: number[];
}

export interface LoopOptions {
  clients: number;
  seconds: number;
  /** Ends the run early, so that a mistake cannot go on for ever. */
  maxCount: number;
}

/** More than that and the rest of the run says nothing. */
const MAX_FAILURES = 20;

/**
 * Each client does its next one when the answer to the one before is there. What is begun after the time is over does
 * not count; failures are counted apart and never as done.
 */
export async function runClosedLoop(
  { clients, seconds, maxCount }: LoopOptions,
  work: (client: number, index: number) => Promise<void>,
): Promise<LoopResult> {
  const latenciesMs: number[] = [];
  let failures = 0;
  let firstFailure: string | undefined;
  let begun = 0;
  const start = performance.now();
  const end = start + seconds * 1_000;
  let last = start;

  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      while (performance.now() < end && begun < maxCount && failures < MAX_FAILURES) {
        const index = begun++;
        const from = performance.now();
        try {
          await work(client, index);
        } catch (error) {
          failures++;
          firstFailure ??= (error as Error).message;
          continue;
        }
        const now = performance.now();
        if (now > end) continue;
        last = now;
        latenciesMs.push(now - from);
      }
    }),
  );
  const elapsed = begun >= maxCount ? last - start : seconds * 1_000;
  return { count: latenciesMs.length, failures, firstFailure, seconds: elapsed / 1_000, latenciesMs };
}

export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
