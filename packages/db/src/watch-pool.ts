import type { Instruments } from '@wa-gate/kit';
import type { Pool, PoolClient } from './pool.ts';

/** Shows how busy the main pool of a process is, and for how long its connections are used. */
export function watchPool(instruments: Instruments, pool: Pool): void {
  instruments.gauge('wag_database_pool_connections', (gauge) => {
    gauge.set({ state: 'busy' }, pool.totalCount - pool.idleCount);
    gauge.set({ state: 'idle' }, pool.idleCount);
    gauge.set({ state: 'waiting' }, pool.waitingCount);
  });
  instruments.gauge('wag_database_pool_max_connections').set(pool.options.max);
  const use = instruments.histogram('wag_database_use_seconds');
  const since = new WeakMap<PoolClient, number>();
  pool.on('acquire', (client) => since.set(client, performance.now()));
  pool.on('release', (_error, client) => {
    const begun = since.get(client);
    since.delete(client);
    if (begun !== undefined) use.observe((performance.now() - begun) / 1_000);
  });
}
