import { type ClusterTiming, drainRound, placeSessions } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { type Redis, systemClock } from '@wa-gate/kit';
import { notifyWorker } from '@wa-gate/messaging';

/** Places sessions without a living owner, by the functions that the gateway calls. */
export function startReconciler({ pool, redis, timing }: { pool: Pool; redis: Redis; timing: ClusterTiming }) {
  const stopping = new AbortController();
  const running = run();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      // A round may lose against a lock; the next one tries again.
      await round().catch(() => undefined);
      await systemClock.sleep(timing.reconcileEveryMs, stopping.signal).catch(() => undefined);
    }
  }

  async function round(): Promise<void> {
    const { assignments } = await placeSessions(pool, { strategy: 'least-loaded', timing, limit: 200 });
    const released = await drainRound(pool, timing);
    for (const workerId of new Set([...assignments, ...released].map((change) => change.workerId)))
      notifyWorker(redis, workerId);
  }

  return {
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  };
}
