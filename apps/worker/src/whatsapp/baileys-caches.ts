import type { CacheStore, PossiblyExtendedCacheStore } from './baileys.ts';
import { BoundedCache } from './bounded-cache.ts';

const HOUR_MS = 3_600_000;

/** Wraps a bounded cache in the shape that Baileys takes. */
function asCacheStore(cache: BoundedCache<unknown>): CacheStore {
  return {
    get: <T>(key: string) => cache.get(key) as T | undefined,
    set: (key, value) => cache.set(key, value),
    del: (key) => cache.delete(key),
    flushAll: () => cache.clear(),
  };
}

/**
 * Devices of the users that a session writes to. Baileys' own cache forgets after five minutes, and each refresh makes
 * it fetch new key bundles: a prekey of the peer spent and the Signal session rebuilt. Here entries live for a day,
 * because Baileys itself drops or edits them when a `devices` notification comes (it calls `del` and `set`), also for
 * changes while the session was offline: those notifications wait in the server's queue.
 */
export function createDeviceCache(options: { max?: number; ttlMs?: number; now?: () => number } = {}) {
  const { max = 2_000, ttlMs = 24 * HOUR_MS, now } = options;
  const cache = new BoundedCache<unknown>({ max, ttlMs, ...(now ? { now } : {}) });
  return {
    ...asCacheStore(cache),
    mget: async <T>(keys: string[]) => Object.fromEntries(keys.map((key) => [key, cache.get(key) as T | undefined])),
    mset: (entries: { key: string; value: unknown }[]) => {
      for (const { key, value } of entries) cache.set(key, value);
    },
    mdel: (keys: string[]) => {
      for (const key of keys) cache.delete(key);
    },
  } satisfies PossiblyExtendedCacheStore;
}

/**
 * The small caches of a socket that must outlive a reconnect. Baileys' defaults set a timer per entry and are made anew
 * each time.
 */
export function createSocketCaches() {
  return {
    userDevicesCache: createDeviceCache(),
    msgRetryCounterCache: asCacheStore(new BoundedCache({ max: 1_000, ttlMs: HOUR_MS })),
    callOfferCache: asCacheStore(new BoundedCache({ max: 100, ttlMs: HOUR_MS / 12 })),
    placeholderResendCache: asCacheStore(new BoundedCache({ max: 1_000, ttlMs: HOUR_MS })),
  };
}

export type SocketCaches = ReturnType<typeof createSocketCaches>;
