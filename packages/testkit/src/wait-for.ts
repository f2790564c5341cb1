/**
 * Polls until `read` returns a truthy value and returns it. A thrown error counts as "not yet" and is shown at the
 * timeout.
 */
export async function waitFor<T>(
  read: () => T | Promise<T>,
  { timeoutMs = 20_000, everyMs = 25, what = 'the condition' } = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await read();
      if (value) return value as NonNullable<Exclude<T, false>>;
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
