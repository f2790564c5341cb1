import { type Clock, lazily } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';
import type { Counters, Held, Verdict } from './counters.ts';

interface Window {
  count: number;
  endsAt: number;
  /** Of a bucket that counts them. */
  accounts: Set<string>;
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
  // Its memory is taken at once, and most gateways never need it.
  const windows = lazily(() => new LRUCache<string, Window>({ max: MAX_WINDOWS }));

  function openWindow(key: string): Window | undefined {
    const found = windows().get(key);
    return found && found.endsAt > clock.monotonic() ? found : undefined;
  }

  function heldBy(key: string): Held | null {
    const open = openWindow(key);
    if (!open || open.count === 0) return null;
    return {
      count: open.count,
      resetMs: open.endsAt - clock.monotonic(),
      accounts: [...open.accounts],
      share: Math.max(1, replicas()),
    };
  }

  return {
    take(buckets, hit) {
      const now = clock.monotonic();
      const share = Math.max(1, replicas());
      const verdict: Verdict = { refusedBy: -1, counts: [], resets: [], maxima: [] };
      const open = buckets.map(({ key }) => openWindow(key));
      const adds = buckets.map(({ cost, account }, index) =>
        account !== undefined && open[index]?.accounts.has(account) ? 0 : cost,
      );
      let longest = 0;
      for (const [index, { limit }] of buckets.entries()) {
        const count = open[index]?.count ?? 0;
        const rest = Math.min((open[index]?.endsAt ?? now + limit.windowMs) - now, limit.windowMs);
        const max = limit.max === 0 ? 0 : Math.max(1, Math.floor(limit.max / share));
        if (adds[index]! > 0 && count + adds[index]! > max && rest > longest) {
          verdict.refusedBy = index;
          longest = rest;
        }
        verdict.counts.push(count);
        verdict.resets.push(rest);
        verdict.maxima.push(max);
      }
      if (verdict.refusedBy >= 0) return verdict;
      for (const [index, { key, account }] of buckets.entries()) {
        if (adds[index] === 0) continue;
        verdict.counts[index]! += adds[index]!;
        const accounts = open[index]?.accounts ?? new Set();
        if (account !== undefined) accounts.add(account);
        windows().set(key, { count: verdict.counts[index]!, endsAt: now + verdict.resets[index]!, accounts });
      }
      if (hit !== null) countHit(hit);
      return verdict;
    },
    giveBack(buckets) {
      for (const { key, account, cost } of buckets) {
        const window = windows().get(key);
        if (!window || window.count === 0) continue;
        if (account === undefined) window.count -= Math.min(window.count, cost);
        else if (window.accounts.delete(account)) window.count -= 1;
      }
    },
    keysOf: (prefix) => [...windows().keys()].filter((key) => key.startsWith(prefix) && heldBy(key) !== null),
    look: (keys) => keys.map(heldBy),
    forget(key) {
      windows().delete(key);
    },
  };
}
