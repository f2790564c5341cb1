/** Polls until a condition is true. */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

/**
 * @template T
 * @param {string} what for the error: "... did not happen within ..."
 * @param {() => Promise<T | undefined>} look
 * @param {{ signal: AbortSignal, withinMs: number, everyMs?: number }} options
 * @returns {Promise<T>}
 */
export async function waitUntil(what, look, { signal, withinMs, everyMs = POLL_MS }) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${withinMs / 1000} s`);
    await sleep(everyMs, undefined, { signal });
  }
}
