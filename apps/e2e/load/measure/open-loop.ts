import { setTimeout as sleep } from 'node:timers/promises';

export interface OpenLoopOptions {
  /** Per second. */
  rate: number;
  seconds: number;
  /** Ends the run early. */
  signal?: AbortSignal;
}

export interface OpenLoopResult {
  begun: number;
  failures: number;
  firstFailure: string | undefined;
  /** The most that were not finished at one time. */
  mostInFlight: number;
}

/** A side with so many open operations does not reach the rate: its latencies would only grow with the run. */
const MOST_IN_FLIGHT = 5_000;

/**
 * Begins work at a steady rate, whether or not what was begun before is finished, and waits for all of it. Work is told
 * the time at which it was planned (`performance.now()`): what this process or the machine begins late counts as
 * latency.
 *
 * @throws {Error} when thousands are not finished
 */
export async function runOpenLoop(
  { rate, seconds, signal }: OpenLoopOptions,
  work: (index: number, plannedAt: number) => Promise<void>,
): Promise<OpenLoopResult> {
  const running = new Set<Promise<void>>();
  const result: OpenLoopResult = { begun: 0, failures: 0, firstFailure: undefined, mostInFlight: 0 };
  const start = performance.now();
  const total = Math.round(rate * seconds);
  while (result.begun < total && !signal?.aborted) {
    const plannedAt = start + (result.begun * 1_000) / rate;
    const early = plannedAt - performance.now();
    if (early > 0) await sleep(early);
    if (running.size >= MOST_IN_FLIGHT) throw new Error(`${running.size} are not finished: the rate is not reached`);
    const one = work(result.begun++, plannedAt)
      .catch((error: Error) => {
        result.failures++;
        result.firstFailure ??= error.message;
      })
      .finally(() => running.delete(one));
    running.add(one);
    result.mostInFlight = Math.max(result.mostInFlight, running.size);
  }
  await Promise.all(running);
  return result;
}
