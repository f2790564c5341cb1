import { createRouteTable, DEFAULT_TIMING, type RouteTable } from '@wa-gate/cluster';
import { redisKeys } from '@wa-gate/kit';
import { notifyReconcilers } from '@wa-gate/messaging';
import { Agent, type Dispatcher } from 'undici';
import type { Config } from '../config.ts';
import type { GatewayMetrics } from '../metrics/index.ts';
import type { Revocations } from '../revocations/revocations.ts';
import { type CallWorker, createCallWorker } from '../worker-links/call-worker.ts';
import { type ControlStreams, createControlStreams } from '../worker-links/control-streams.ts';
import { createDoorbells, type Doorbells } from '../worker-links/doorbells.ts';
import { createMovingWaits } from '../worker-links/moving-waits.ts';
import { createOffers, type Offers } from '../worker-links/offers.ts';
import { createOwnerLink, type OwnerLink } from '../worker-links/owner-link.ts';
import { createOwnerStreams, type OwnerStreams } from '../worker-links/owner-stream.ts';
import { createPlacementService, type PlacementService } from '../worker-links/placement.ts';
import { createReconciler } from '../worker-links/reconciler.ts';
import { createSessionHints, type SessionHints } from '../worker-links/session-hints.ts';
import type { Subscriptions } from '../worker-links/subscriptions.ts';
import { createWorkerAddresses, type WorkerAddresses } from '../worker-links/worker-addresses.ts';
import type { Background, Resources } from './resources.ts';

/** How this gateway reaches workers, learns of their end, and places sessions on them. */
export interface WorkerLinks {
  addresses: WorkerAddresses;
  /** Connects to nothing but addresses where workers may be. */
  dispatcher: Dispatcher;
  callWorker: CallWorker;
  routes: RouteTable;
  streams: ControlStreams;
  doorbells: Doorbells;
  offers: Offers;
  hints: SessionHints;
  placement: PlacementService;
  owner: OwnerLink;
  ownerStreams: OwnerStreams;
  /** The fleet has changed: every gateway reconciles, this one without Redis. */
  fleetChanged: () => void;
  /** The streams and the reconciler. */
  background: Background;
  /** Ends the connections to workers. */
  close(): Promise<unknown>;
}

export function composeWorkerLinks(
  { pool, redis, masterKeys, clock, logger, movingWaitMs }: Resources,
  config: Config,
  parts: { revocations: Revocations; subscriptions: Subscriptions; metrics: GatewayMetrics },
): WorkerLinks {
  const { revocations, subscriptions, metrics } = parts;
  const addresses = createWorkerAddresses(config.WORKER_ENDPOINT_ALLOW);
  const connect = addresses.connector;
  const dispatcher = new Agent({ connections: 64, pipelining: 1, connect });
  // Apart from the calls, which must not wait, and without a limit: a stream takes a connection for as long as it
  // lasts.
  const streaming = new Agent({ pipelining: 1, connect });
  const callWorker = createCallWorker({ dispatcher, masterKeys });
  const routes = createRouteTable({ db: pool, redis, logger, onRedisError: () => metrics.redisErrors.inc() });
  const streams = createControlStreams({
    db: pool,
    addresses,
    masterKeys,
    clock,
    logger,
    everyMs: DEFAULT_TIMING.reconcileEveryMs,
  });
  metrics.watchControlStreams(() => streams.count());
  const doorbells = createDoorbells({ streams, routes, redis, logger });
  const placement = createPlacementService({
    pool,
    revocations,
    routes,
    strategy: config.LB_STRATEGY,
    timing: DEFAULT_TIMING,
    doorbells,
  });
  const reconciler = createReconciler({ placement, streams, clock, logger, metrics, timing: DEFAULT_TIMING });
  return {
    addresses,
    dispatcher,
    callWorker,
    routes,
    streams,
    doorbells,
    offers: createOffers({ streams, doorbells }),
    hints: createSessionHints({ doorbells, streams, subscriptions, logger }),
    placement,
    owner: createOwnerLink({
      routes,
      callWorker,
      streams,
      waits: createMovingWaits({ db: pool, clock, waitMs: movingWaitMs }),
      logger,
    }),
    ownerStreams: createOwnerStreams({ routes, dispatcher: streaming, masterKeys, logger }),
    fleetChanged() {
      reconciler.notify();
      notifyReconcilers(redis);
    },
    background: {
      start() {
        void subscriptions.subscribe(redisKeys.reconcileDoorbell(), () => {
          streams.converge();
          reconciler.notify();
        });
        streams.start();
        reconciler.start();
      },
      async stop() {
        // First the streams: what happens to them from now on is this process's own end.
        await streams.stop();
        await reconciler.stop();
      },
    },
    close: () => Promise.all([dispatcher.close(), streaming.close()]),
  };
}
