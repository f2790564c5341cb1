import type { Clock } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';
import type { Counters, Verdict } from './counters.ts';

interface Window {
  count: number;
  endsAt: number;
}

export interface LocalCountersDependencies {
  clock: Clock;
  /** How many gateways answer requests now. */
  replicas: () => number;
  /** Where hits go that Redis cannot count. */
  countHit: (hit: string) => void;
}

const MAX_WINDOWS = 100_000;

/**
 * The counters of one gateway while Redis is away. A limit is divided evenly among the gateways, at least one request
 * each, so that together they allow about as many as the limit says. The limits never fail open.
 */
export function createLocalCounters({ clock, replicas, countHit }: LocalCountersDependencies): Counters {
  const windows = new LRUCache<string, Window>({ max: MAX_WINDOWS });

  return {
    take(buckets, hit) {
      const now = clock.monotonic();
      const share = Math.max(1, replicas());
      const verdict: Verdict = { refusedBy: -1, counts: [], resets: [], maxima: [] };
      let longest = 0;
      for (const [index, { key, limit, cost }] of buckets.entries()) {
        const found = windows.get(key);
        const isOpen = found !== undefined && found.endsAt > now;
        const count = isOpen ? found.count : 0;
        const rest = isOpen ? Math.min(found.endsAt - now, limit.windowMs) : limit.windowMs;
        const max = limit.max === 0 ? 0 : Math.max(1, Math.floor(limit.max / share));
        if (cost > 0 && count + cost > max && rest > longest) {
          verdict.refusedBy = index;
          longest = rest;
        }
        verdict.counts.push(count);
        verdict.resets.push(rest);
        verdict.maxima.push(max);
      }
      if (verdict.refusedBy >= 0) return verdict;
      for (const [index, { key, cost }] of buckets.entries()) {
        if (cost === 0) continue;
        verdict.counts[index]! += cost;
        windows.set(key, { count: verdict.counts[index]!, endsAt: now + verdict.resets[index]! });
      }
      if (hit !== null) countHit(hit);
      return verdict;
    },
    giveBack(keys) {
      for (const key of keys) {
        const window = windows.get(key);
        if (window && window.count > 0) window.count -= 1;
      }
    },
  };
}
