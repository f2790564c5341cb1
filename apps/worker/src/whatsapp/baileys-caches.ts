import type { CacheStore, PossiblyExtendedCacheStore } from './baileys.ts';
import { BoundedCache } from './bounded-cache.ts';
import { PresenceBook } from './presence-book.ts';

const HOUR_MS = 3_600_000;

/** Adapts a bounded cache to the interface of Baileys. */
function asCacheStore(cache: BoundedCache<unknown>): CacheStore {
  return {
    get: <T>(key: string) => cache.get(key) as T | undefined,
    set: (key, value) => cache.set(key, value),
    del: (key) => cache.delete(key),
    flushAll: () => cache.clear(),
  };
}

/**
 * The devices of the users that a session writes to. The cache of Baileys expires after five minutes. Each refresh
 * makes it fetch new key bundles, which spends a prekey of the peer and rebuilds the Signal session. Here entries live
 * for a day: Baileys drops or edits them when a `devices` notification comes (`del`, `set`). Changes while the session
 * was offline are covered, too, because the server queues those notifications.
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
 * The small caches of a socket that outlive a reconnect. The defaults of Baileys set a timer per entry and are made
 * anew for each socket.
 */
export function createSocketCaches() {
  return {
    userDevicesCache: createDeviceCache(),
    /** Under which name WhatsApp knows a number, where that is another one. By jids. */
    answeredNames: new BoundedCache<string>({ max: 1_000, ttlMs: 24 * HOUR_MS }),
    /** No cache of Baileys: what is watched is watched again on the next connection. */
    presences: new PresenceBook(),
    msgRetryCounterCache: asCacheStore(new BoundedCache({ max: 1_000, ttlMs: HOUR_MS })),
    callOfferCache: asCacheStore(new BoundedCache({ max: 100, ttlMs: HOUR_MS / 12 })),
    placeholderResendCache: asCacheStore(new BoundedCache({ max: 1_000, ttlMs: HOUR_MS })),
  };
}

export type SocketCaches = ReturnType<typeof createSocketCaches>;
