import type { AutoscalingService } from './autoscaling.ts';
import type { FleetOperations } from './fleet-operations.ts';
import type { ManualRebalance } from './manual-rebalance.ts';
import type { WorkerAdministration } from './worker-administration.ts';
import type { WorkerMetricsStore } from './worker-metrics.ts';
import type { WorkerRemoval } from './worker-removal.ts';
import type { WorkersService } from './workers.service.ts';

/** Everything behind the routes of this module. */
export interface FleetServices {
  workers: WorkersService;
  workerAdministration: WorkerAdministration;
  workerRemoval: WorkerRemoval;
  workerMetrics: WorkerMetricsStore;
  fleetOperations: FleetOperations;
  manualRebalance: ManualRebalance;
  autoscaling: AutoscalingService;
}
