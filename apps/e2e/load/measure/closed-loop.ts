export interface LoopResult {
  /** What was done and confirmed inside the measured time. */
  count: number;
  /** What was done in all: also what was begun inside of the measured time and confirmed after it. */
  done: number;
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
  let done = 0;
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
        done++;
        const now = performance.now();
        if (now > end) continue;
        last = now;
        latenciesMs.push(now - from);
      }
    }),
  );
  const elapsed = begun >= maxCount ? last - start : seconds * 1_000;
  return { count: latenciesMs.length, done, failures, firstFailure, seconds: elapsed / 1_000, latenciesMs };
}
