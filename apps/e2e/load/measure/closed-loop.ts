export interface LoopResult {
  /** The count of operations that were begun and confirmed within the measured time. */
  count: number;
  /** The count of all operations, with those that were confirmed after the measured time. */
  done: number;
  failures: number;
  firstFailure: string | undefined;
  /** Seconds of the measured time. Operations that it ends are awaited, and counted in no rate. */
  seconds: number;
  latenciesMs: number[];
}

export interface LoopOptions {
  clients: number;
  seconds: number;
  /** Ends the run early, so that a mistake cannot go on for ever. */
  maxCount: number;
}

/** The maximum of failures; after more, a run proves nothing. */
const MAX_FAILURES = 20;

/**
 * Each client begins its next operation when the last one is answered. Operations that begin after the measured time do
 * not count. Failures are counted apart.
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
