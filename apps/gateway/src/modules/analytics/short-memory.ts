import { createSingleFlight } from '@wa-gate/kit';

/** Answers that are remembered for a moment, so that a page which is open on many screens asks the database once. */
export interface ShortMemory {
  /**
   * Returns the last result of `read` if it is recent, else a new one. Concurrent callers share one reading. Failures
   * are not kept.
   */
  recall<Value>(key: string, read: () => Promise<Value>): Promise<Value>;
}

export interface ShortMemoryOptions {
  forMs: number;
  now?: () => number;
}

/** For a small number of keys at a time: what is too old is forgotten with the next reading. */
export function createShortMemory({ forMs, now = () => performance.now() }: ShortMemoryOptions): ShortMemory {
  const remembered = new Map<string, { value: unknown; until: number }>();
  const singleFlight = createSingleFlight<unknown>();
  return {
    async recall<Value>(key: string, read: () => Promise<Value>): Promise<Value> {
      const known = remembered.get(key);
      if (known && known.until > now()) return known.value as Value;
      const value = await singleFlight(key, read);
      for (const [old, { until }] of remembered) if (until <= now()) remembered.delete(old);
      remembered.set(key, { value, until: now() + forMs });
      return value as Value;
    },
  };
}
