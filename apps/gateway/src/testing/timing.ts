import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@wa-gate/testkit';

const POLL_MS = 5;
const GIVE_UP_MS = 20_000;

/**
 * Repeats the call until its answer is as expected. Returns how many milliseconds after the begin the last request with
 * another answer was begun. For promises such as "in force within a second": the begin of a request counts, so that the
 * time in which a busy machine answers it does not.
 */
export async function otherwiseFor(isAsItShouldBe: () => Promise<boolean>): Promise<number> {
  const since = performance.now();
  let otherwise = 0;
  for (;;) {
    const begun = performance.now() - since;
    if (await isAsItShouldBe()) return otherwise;
    otherwise = begun;
    if (begun > GIVE_UP_MS) throw new Error(`Still otherwise after ${GIVE_UP_MS} ms`);
    await sleep(POLL_MS);
  }
}

/** How many milliseconds it takes. */
export async function msOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

const ROUNDS = 5;

/**
 * The shortest of a few measurements; the first one below the bound ends them. A busy machine makes some of them long,
 * a fault all.
 */
export async function shortest(bound: number, measure: () => Promise<number>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS && best >= bound; round += 1) best = Math.min(best, await measure());
  return best;
}

const DAY_MS = 86_400_000;
const LASTING_MS = 60_000;

/** Waits, in the last minute of a day in UTC, for the next one. For tests of what happened today, or this month. */
export async function dayThatLasts(): Promise<void> {
  await waitFor(() => DAY_MS - (Date.now() % DAY_MS) > LASTING_MS, { timeoutMs: 2 * LASTING_MS, everyMs: 500 });
}
