import type { Clock, Redis } from '@wa-gate/kit';
import type { Bucket } from './buckets.ts';
import type { Counters, Held, Verdict } from './counters.ts';

export interface FallbackDependencies {
  redis: Pick<Redis, 'status'>;
  shared: Counters;
  local: Counters;
  clock: Clock;
  /** Redis did not count: it is away, or was too slow. */
  onAway: () => void;
  /** An answer that comes later is not waited for. @default 50 */
  patienceMs?: number;
}

const PATIENCE_MS = 50;
/** After so many times in a row without an answer, Redis is left alone for a while; then one request tries it. */
const FAILURES = 3;
const PAUSE_MS = 1_000;
/** A script of Redis holds up everybody else. */
const LOOKED_AT_TOGETHER = 100;

export interface Counted {
  verdict: Verdict;
  /** The counters that it was counted in, which take it back. */
  counters: Counters;
}

/** Counts in Redis, and while Redis is away or slow in this process: never nowhere. */
export interface FallbackCounters {
  take(buckets: readonly Bucket[], hit: string | null): Promise<Counted>;
  /** What the buckets with these prefixes hold, by key. While Redis is away: of this process. */
  list(prefixes: readonly string[]): Promise<Map<string, Held>>;
  /** What one bucket holds; `null`: nothing. */
  look(key: string): Promise<Held | null>;
  /** Forgets what was counted there, in Redis and in this process. */
  forget(key: string): Promise<void>;
}

const NO_ANSWER = Symbol('no answer in time');

export function createFallbackCounters({
  redis,
  shared,
  local,
  clock,
  onAway,
  patienceMs = PATIENCE_MS,
}: FallbackDependencies): FallbackCounters {
  let failures = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;

  function isWorthTrying(): boolean {
    if (redis.status !== 'ready') return false;
    if (failures < FAILURES) return true;
    const now = clock.monotonic();
    if (now - triedAt < PAUSE_MS) return false;
    triedAt = now;
    return true;
  }

  async function inProcess(buckets: readonly Bucket[], hit: string | null): Promise<Counted> {
    onAway();
    return { verdict: await local.take(buckets, hit), counters: local };
  }

  /** Asks where requests are counted now. */
  async function ask<T>(question: (counters: Counters) => Promise<T> | T): Promise<T> {
    if (redis.status !== 'ready') return await question(local);
    try {
      return await question(shared);
    } catch {
      return await question(local);
    }
  }

  async function lookAt(counters: Counters, keys: readonly string[]): Promise<Map<string, Held>> {
    const found = new Map<string, Held>();
    for (let from = 0; from < keys.length; from += LOOKED_AT_TOGETHER) {
      const some = keys.slice(from, from + LOOKED_AT_TOGETHER);
      for (const [index, held] of (await counters.look(some)).entries()) if (held) found.set(some[index]!, held);
    }
    return found;
  }

  return {
    list: (prefixes) =>
      ask(async (counters) => {
        const keys = await Promise.all(prefixes.map(async (prefix) => await counters.keysOf(prefix)));
        return await lookAt(counters, keys.flat());
      }),
    look: (key) => ask(async (counters) => (await lookAt(counters, [key])).get(key) ?? null),
    async forget(key) {
      await local.forget(key);
      await ask((counters) => counters.forget(key));
    },
    async take(buckets, hit) {
      if (!isWorthTrying()) return await inProcess(buckets, hit);
      const begun = clock.monotonic();
      const verdict = await inTime(shared.take(buckets, hit), patienceMs);
      if (verdict !== NO_ANSWER) {
        failures = 0;
        return { verdict, counters: shared };
      }
      // Those that were on their way together have failed together, and once.
      if (begun > failedAt) {
        failures += 1;
        failedAt = triedAt = clock.monotonic();
      }
      // The command may have arrived, or arrive yet, and the hit with it.
      return await inProcess(buckets, null);
    },
  };
}

/**
 * The answer, if it comes in time. When the timer fires late because the process was busy, answers that wait in the
 * socket are read first.
 */
function inTime(answer: Promise<Verdict> | Verdict, patienceMs: number): Promise<Verdict | typeof NO_ANSWER> {
  return new Promise((resolve) => {
    const giveUp = () => resolve(NO_ANSWER);
    const timer = setTimeout(() => setImmediate(giveUp), patienceMs);
    Promise.resolve(answer).then(
      (verdict) => {
        clearTimeout(timer);
        resolve(verdict);
      },
      () => {
        clearTimeout(timer);
        giveUp();
      },
    );
  });
}
