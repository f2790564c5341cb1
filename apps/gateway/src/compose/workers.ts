import { DEFAULT_TIMING, type RouteTable } from '@wa-gate/cluster';
import type { Network } from '@wa-gate/db';
import { Agent } from 'undici';
import type { Config } from '../config.ts';
import type { GatewayMetrics } from '../metrics/index.ts';
import {
  createAutoscaling,
  createFleetBroadcast,
  createHealthProbes,
  createManualRebalance,
  createWorkerAdministration,
  createWorkerMetricsStore,
  createWorkerRemoval,
  createWorkersService,
  createWorkerTokens,
  type FleetServices,
} from '../modules/workers/index.ts';
import type { ControlStreams } from '../worker-links/control-streams.ts';
import type { Bells } from '../worker-links/doorbells.ts';
import type { Dispatchers } from '../worker-links/owner-link.ts';
import { createWorkerAddresses, type WorkerAddresses } from '../worker-links/worker-addresses.ts';
import { createWorkerProbe } from '../worker-links/worker-probe.ts';
import type { Resources } from './resources.ts';

/** Connections to workers go to nothing but addresses where workers may be. */
export function connectToWorkers({ WORKER_ENDPOINT_ALLOW }: Config): {
  addresses: WorkerAddresses;
  dispatchers: Dispatchers;
} {
  const addresses = createWorkerAddresses(WORKER_ENDPOINT_ALLOW);
  const connect = addresses.connector;
  return {
    addresses,
    dispatchers: {
      calls: new Agent({ connections: 64, pipelining: 1, connect }),
      streams: new Agent({ pipelining: 1, connect }),
    },
  };
}

export interface WorkersComposition {
  addresses: WorkerAddresses;
  dispatchers: Dispatchers;
  streams: ControlStreams;
  bells: Bells;
  routes: RouteTable;
  metrics: GatewayMetrics;
  defaultNetwork: Network;
  /** Who is there has changed: every gateway looks. */
  look: () => void;
}

/** What workers and administrators ask of the fleet, and the probes of its workers. */
export function composeWorkers(resources: Resources, config: Config, parts: WorkersComposition) {
  const { pool, masterKeys, clock, logger } = resources;
  const { addresses, dispatchers, streams, bells, routes, metrics, defaultNetwork, look } = parts;
  const timing = DEFAULT_TIMING;
  const dispatcher = dispatchers.calls;
  const probe = createWorkerProbe({ dispatcher, masterKeys, logger });
  const workerMetrics = createWorkerMetricsStore(pool);
  const autoscaling = createAutoscaling({ db: pool, timing });
  metrics.watchAutoscaling(() => autoscaling.signals());

  const ringWorker = (workerId: string): void => bells.ringWorker(workerId);
  async function onMoved(sessionIds: readonly string[], workerIds: readonly string[]): Promise<void> {
    for (const workerId of new Set(workerIds)) ringWorker(workerId);
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
        look();
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
      onChanged: look,
      logger,
    }),
    workerRemoval: createWorkerRemoval({ pool, clock, timing, onMoved, onChanged: look, logger }),
    workerMetrics,
    broadcast: createFleetBroadcast({ pool, dispatcher, masterKeys, logger }),
    manualRebalance: createManualRebalance({ pool, timing, ringWorker, metrics }),
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
  return { services, probes };
}
