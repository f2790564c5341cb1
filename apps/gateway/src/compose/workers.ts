import { DEFAULT_TIMING } from '@wa-gate/cluster';
import type { Network } from '@wa-gate/db';
import type { Config } from '../config.ts';
import type { GatewayMetrics } from '../metrics/index.ts';
import {
  createAutoscaling,
  createFleetOperations,
  createHealthProbes,
  createManualRebalance,
  createWorkerAdministration,
  createWorkerMetricsStore,
  createWorkerRemoval,
  createWorkersService,
  createWorkerTokens,
  type FleetServices,
} from '../modules/workers/index.ts';
import { createWorkerProbe } from '../worker-links/worker-probe.ts';
import type { Resources } from './resources.ts';
import type { WorkerLinks } from './worker-links.ts';

export interface WorkersComposition {
  links: WorkerLinks;
  metrics: GatewayMetrics;
  defaultNetwork: Network;
}

/** What workers and administrators ask of the fleet, and the probes of its workers. */
export function composeWorkers(resources: Resources, config: Config, parts: WorkersComposition) {
  const { pool, masterKeys, clock, logger } = resources;
  const { links, metrics, defaultNetwork } = parts;
  const { addresses, dispatcher, callWorker, streams, doorbells, routes, fleetChanged } = links;
  const timing = DEFAULT_TIMING;
  const probe = createWorkerProbe({ dispatcher, masterKeys, logger });
  const workerMetrics = createWorkerMetricsStore(pool);
  const autoscaling = createAutoscaling({ db: pool, timing });
  metrics.watchAutoscaling(() => autoscaling.signals());

  const notifyWorker = (workerId: string): void => doorbells.notifyWorker(workerId);
  async function onMoved(sessionIds: readonly string[], workerIds: readonly string[]): Promise<void> {
    for (const workerId of new Set(workerIds)) notifyWorker(workerId);
    await routes.forget(...sessionIds);
  }

  const services: FleetServices = {
    workers: createWorkersService({
      pool,
      addresses,
      probe,
      tokens: createWorkerTokens({ db: pool, joinToken: config.WORKER_AUTH_TOKEN }),
      metrics: workerMetrics,
      defaultNetwork,
      timing,
      onRegistered(target) {
        streams.watch(target);
        fleetChanged();
      },
      logger,
    }),
    workerAdministration: createWorkerAdministration({
      pool,
      addresses,
      probe,
      streams,
      defaultNetwork,
      strategy: config.LB_STRATEGY,
      timing,
      clock,
      onMoved,
      onChanged: fleetChanged,
      logger,
    }),
    workerRemoval: createWorkerRemoval({ pool, clock, timing, onMoved, onChanged: fleetChanged, logger }),
    workerMetrics,
    fleetOperations: createFleetOperations({ pool, callWorker, logger }),
    manualRebalance: createManualRebalance({ pool, timing, notifyWorker, metrics }),
    autoscaling,
  };
  const probes = createHealthProbes({
    db: pool,
    probe,
    clock,
    logger,
    everyMs: config.WORKER_HEALTH_CHECK_INTERVAL,
    onProbed: (outcome) => metrics.workerProbes.inc({ outcome }),
  });
  return { services, background: probes };
}
