/** Far from what anything takes, and less than what a test may. */
const TIMEOUT_MS = 25_000;
const INTERVAL_MS = 20;

/** Waits until a condition yields something; fails with what was waited for. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs: number = TIMEOUT_MS,
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<Exclude<T, false>>;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
