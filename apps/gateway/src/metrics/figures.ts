/**
 * Shares one reading of the database by all metrics of a scrape. A scrape that waited for a database that is silent
 * would time out, and the process would look dead: so it waits `patienceMs` at most and shows nothing then. A new
 * reading begins when the former one has ended.
 *
 * @returns a function that resolves with the figures, or with `undefined` when there are none
 */
export function createFigures<T>(read: () => Promise<T>, patienceMs = 2_000): () => Promise<T | undefined> {
  let reading: Promise<T | undefined> | undefined;
  return () => {
    reading ??= read()
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
      });
    return within(reading, patienceMs);
  };
}

function within<T>(reading: Promise<T | undefined>, patienceMs: number): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), patienceMs);
    void reading.then((figures) => {
      clearTimeout(timer);
      resolve(figures);
    });
  });
}
