import type { WorkerView } from '@wa-gate/cluster';
import type { Worker, WorkerState } from '@wa-gate/contracts';
import type { WorkerAdminState } from '@wa-gate/db';

function statusOf({ online, adminState, incarnation }: WorkerView): Worker['status'] {
  if (adminState !== 'ACTIVE') return 'maintenance';
  if (incarnation === null) return 'pending';
  return online ? 'online' : 'offline';
}

/** The state that an administrator has set comes first: it lasts, whether the process runs or not. */
function stateOf({ online, adminState, runtimeState, incarnation }: WorkerView): WorkerState {
  if (adminState !== 'ACTIVE') return adminState.toLowerCase() as Lowercase<Exclude<WorkerAdminState, 'ACTIVE'>>;
  if (incarnation === null) return 'pending';
  if (!online) return 'offline';
  return runtimeState === 'DRAINING' ? 'stopping' : 'ready';
}

/** Gauges of the lease row, or fresher ones. */
export const presentWorker = (
  worker: WorkerView,
  load: Pick<WorkerView, 'cpuUsage' | 'memoryUsage'> = worker,
): Worker => ({
  id: worker.workerId,
  endpoint: worker.endpoint,
  status: statusOf(worker),
  state: stateOf(worker),
  network: worker.network === 'LIVE' ? 'live' : 'sandbox',
  sessionCount: worker.sessionCount,
  maxSessions: worker.maxSessions,
  cpuUsage: load.cpuUsage,
  memoryUsage: load.memoryUsage,
  lastHeartbeat: worker.renewedAt?.toISOString() ?? null,
  revision: worker.revision,
  description: worker.description,
});
