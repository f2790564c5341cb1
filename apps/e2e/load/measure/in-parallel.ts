/** Pairings at a time. */
const AT_ONCE = 6;

/** Makes the things with the numbers from `from` to `to`, the latter excluded, some at a time. */
export async function makeInParallel(from: number, to: number, make: (index: number) => Promise<void>): Promise<void> {
  let next = from;
  const lane = async () => {
    while (next < to) await make(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
