import type { Instruments } from '@wa-gate/kit';
import type { QueueFigures } from '@wa-gate/messaging';
import { createFigures } from './figures.ts';

/** What waits in each queue, and for how long. Absent while PostgreSQL does not answer: no answer is not "nothing". */
export function registerQueues(instruments: Instruments, read: () => Promise<ReadonlyMap<string, QueueFigures>>): void {
  const look = createFigures(read);
  instruments.gauge('wag_queue_depth', async (gauge) => {
    const queues = await look();
    gauge.reset();
    for (const [queue, { depth }] of queues ?? []) gauge.set({ queue }, depth);
  });
  instruments.gauge('wag_queue_oldest_seconds', async (gauge) => {
    const queues = await look();
    gauge.reset();
    for (const [queue, { oldestSeconds }] of queues ?? []) gauge.set({ queue }, Math.max(0, oldestSeconds));
  });
}
