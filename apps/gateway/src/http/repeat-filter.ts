import { LRUCache } from 'lru-cache';

/** Lets one of many equal things through from time to time. */
export interface RepeatFilter {
  /** How many equal ones were held back since the last that passed; `null`: this one is held back too. */
  pass(key: string): number | null;
}

export interface RepeatFilterOptions {
  forMs: number;
  now?: () => number;
}

const MAX_KEYS = 10_000;

export function createRepeatFilter({ forMs, now = () => performance.now() }: RepeatFilterOptions): RepeatFilter {
  const passed = new LRUCache<string, { at: number; held: number }>({ max: MAX_KEYS });
  return {
    pass(key) {
      const last = passed.get(key);
      if (last && now() - last.at < forMs) {
        last.held += 1;
        return null;
      }
      passed.set(key, { at: now(), held: 0 });
      return last?.held ?? 0;
    },
  };
}
