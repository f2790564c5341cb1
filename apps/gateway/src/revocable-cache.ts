import { createSingleFlight } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';
import type { RevocationKind, Revocations } from './revocations.ts';

/** Rows in memory, as long as no revocation names them. */
export interface RevocableCache<Value> {
  /** From memory, or read; `null` (not there) is not remembered. */
  get(key: string): Promise<Value | null>;
}

export interface RevocableCacheOptions<Value extends object> {
  revocations: Revocations;
  read: (key: string) => Promise<Value | null>;
  /** For each kind of revocation: what in a value it names. */
  revokedBy: Partial<Record<RevocationKind, (value: Value) => string | null>>;
  maxEntries?: number;
  /** A bound for what nobody revokes, such as an expiry. @default 60 000 */
  ttlMs?: number;
}

/**
 * A cache that forgets what was revoked within a second, everywhere. While revocations cannot be heard, everything is read. A value whose reading began before a
 * revocation was heard of is handed out, as it would have been a moment before, but not kept.
 */
export function createRevocableCache<Value extends object>(
  options: RevocableCacheOptions<Value>,
): RevocableCache<Value> {
  const { revocations, read, revokedBy, maxEntries = 20_000, ttlMs = 60_000 } = options;
  const cache = new LRUCache<string, Value>({ max: maxEntries, ttl: ttlMs });
  const singleFlight = createSingleFlight<Value | null>();
  /** By what a revocation would name: which entries to drop. */
  const index = new Map<string, Set<string>>();
  let generation = 0;

  for (const kind of Object.keys(revokedBy) as RevocationKind[]) {
    revocations.onRevoked(kind, (subject) => {
      generation += 1;
      const name = `${kind}/${subject}`;
      for (const key of index.get(name) ?? []) cache.delete(key);
      index.delete(name);
    });
  }

  function keep(key: string, value: Value): void {
    cache.set(key, value);
    for (const [kind, subjectOf] of Object.entries(revokedBy)) {
      const subject = subjectOf(value);
      if (subject === null) continue;
      const name = `${kind}/${subject}`;
      const keys = index.get(name);
      if (keys) keys.add(key);
      else index.set(name, new Set([key]));
    }
    if (index.size > 4 * maxEntries) rebuildIndex();
  }

  /** Entries that the cache has dropped by itself are still in the index. */
  function rebuildIndex(): void {
    index.clear();
    const entries = [...cache.entries()];
    for (const [key, value] of entries) keep(key, value);
  }

  return {
    async get(key) {
      if (!revocations.isCurrent) return await singleFlight(key, () => read(key));
      const cached = cache.get(key);
      if (cached) return cached;
      const begunIn = generation;
      // Who comes after a revocation does not join a reading from before it.
      const value = await singleFlight(`${begunIn}/${key}`, () => read(key));
      if (value && generation === begunIn && revocations.isCurrent) keep(key, value);
      return value;
    },
  };
}
