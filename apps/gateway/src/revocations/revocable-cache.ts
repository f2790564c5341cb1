import { createSingleFlight } from '@wa-gate/kit';
import { LRUCache } from 'lru-cache';
import type { RevocationKind, Revocations } from './revocations.ts';

/** Rows in memory, as long as no revocation names them. */
export interface RevocableCache<Value> {
  /** From memory, or read; `null` (not there) is not remembered. */
  get(key: string): Promise<Value | null>;
}

export interface RevocableCacheOptions<Value extends object> {
  revocations: Pick<Revocations, 'isCurrent' | 'onRevoked'>;
  read: (key: string) => Promise<Value | null>;
  /** For each kind of revocation: what in a value it names. */
  revokedBy: Partial<Record<RevocationKind, (value: Value) => string | null>>;
  maxEntries?: number;
  /** The longest time in memory, for changes without a revocation, such as an expiry. @default 60 000 */
  ttlMs?: number;
}

/** A reading that began longer ago is not shared: its result may be from before a revocation that is a second old. */
const JOINED_FOR_MS = 250;

/**
 * A cache that forgets what was revoked within a second, in every gateway. While revocations cannot be read, every call
 * reads PostgreSQL. A row that is revoked while it is being read is read again, because the answer of a slow PostgreSQL
 * may be from before the revocation.
 */
export function createRevocableCache<Value extends object>(
  options: RevocableCacheOptions<Value>,
): RevocableCache<Value> {
  const { revocations, read, revokedBy, maxEntries = 20_000, ttlMs = 60_000 } = options;
  const namers = Object.entries(revokedBy) as [RevocationKind, (value: Value) => string | null][];
  /** By what a revocation would name: which entries to drop. */
  const index = new Map<string, Set<string>>();
  const cache = new LRUCache<string, Value>({
    max: maxEntries,
    ttl: ttlMs,
    dispose: (value, key) => {
      for (const name of namesOf(value)) {
        const keys = index.get(name);
        keys?.delete(key);
        if (keys?.size === 0) index.delete(name);
      }
    },
  });
  const singleFlight = createSingleFlight<Value | null>();
  /** Counts revocations. */
  let generation = 0;
  /** What was revoked while readings were on their way, and when. */
  const revokedIn = new Map<string, number>();
  let everythingRevokedIn = 0;
  let readings = 0;

  for (const [kind] of namers) {
    revocations.onRevoked(kind, (subject) => {
      generation += 1;
      if (subject === null) {
        everythingRevokedIn = generation;
        cache.clear();
        return;
      }
      const name = `${kind}/${subject}`;
      if (readings > 0) revokedIn.set(name, generation);
      for (const key of index.get(name) ?? []) cache.delete(key);
    });
  }

  const isRevokedSince = (value: Value, begunIn: number): boolean =>
    everythingRevokedIn > begunIn || namesOf(value).some((name) => (revokedIn.get(name) ?? 0) > begunIn);

  function namesOf(value: Value): string[] {
    return namers.flatMap(([kind, subjectOf]) => {
      const subject = subjectOf(value);
      return subject === null ? [] : [`${kind}/${subject}`];
    });
  }

  function keep(key: string, value: Value): void {
    cache.set(key, value);
    for (const name of namesOf(value)) {
      const keys = index.get(name);
      if (keys) keys.add(key);
      else index.set(name, new Set([key]));
    }
  }

  /** Callers that come at about the same time, and between the same revocations, share a reading. */
  function readShared(key: string): Promise<Value | null> {
    const slot = Math.floor(performance.now() / JOINED_FOR_MS);
    return singleFlight(`${generation}/${slot}/${key}`, () => read(key));
  }

  async function readUnrevoked(key: string): Promise<Value | null> {
    for (;;) {
      const begunIn = generation;
      const value = await readShared(key);
      if (!value || !isRevokedSince(value, begunIn)) return value;
    }
  }

  return {
    async get(key) {
      const cached = revocations.isCurrent ? cache.get(key) : undefined;
      if (cached) return cached;
      readings += 1;
      try {
        const value = await readUnrevoked(key);
        if (value && revocations.isCurrent) keep(key, value);
        return value;
      } finally {
        readings -= 1;
        if (readings === 0) revokedIn.clear();
      }
    },
  };
}
