import type { LoadGauges } from '@wa-gate/cluster';
import type { WorkerStats } from '@wa-gate/contracts';
import { stateLabel } from '../session/transition.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

export interface WorkerStatsSources {
  supervisor: Pick<Supervisor, 'counts' | 'actors'>;
  messageCount: () => number;
  /** The last measurement. */
  load: () => LoadGauges;
}

/** The counts of hosted sessions and the resources of this process. Names no session. */
export function describeWorker({ supervisor, messageCount, load }: WorkerStatsSources): WorkerStats {
  const states: Record<string, number> = {};
  for (const { state } of supervisor.actors) {
    const label = stateLabel(state.name);
    states[label] = (states[label] ?? 0) + 1;
  }
  const { rss, heapUsed } = process.memoryUsage();
  return {
    ...supervisor.counts,
    states,
    messageCount: messageCount(),
    ...load(),
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    uptime: Math.round(process.uptime()),
    node: process.version,
  };
}
