import {
  type ClusterTiming,
  myPlacements,
  type Ownership,
  type PlacementStrategy,
  SESSION_KEYS_BOX,
} from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { type BackoffOptions, type Clock, createSecretBox, type Logger, type Redis } from '@wa-gate/kit';
import { notifyWorker, type WebhookDoorbell } from '@wa-gate/messaging';
import { createProjector } from './inbox/projector.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { ControlPort } from './lease/control-stream.ts';
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts';
import { Dispatcher } from './outbox/dispatcher.ts';
import { createDoorbells } from './outbox/doorbells.ts';
import { createOutcomeWriter } from './outbox/outcome-writer.ts';
import { SessionActor } from './session/session-actor.ts';
import type { SessionTraffic } from './session/session-traffic.ts';
import { SessionWatch } from './session/session-watch.ts';
import { createFleetLimit } from './supervisor/fleet-limit.ts';
import { createGiver } from './supervisor/giver.ts';
import { createStartGate } from './supervisor/start-gate.ts';
import { StartRamp } from './supervisor/start-ramp.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { createKeyWriter } from './whatsapp/key-writer.ts';
import { LIVENESS_TIMING, type LivenessTiming } from './whatsapp/liveness.ts';
import type { WhatsAppNetwork } from './whatsapp/network.ts';
import { createAnnouncer } from './writers/announcer.ts';

/** Connections and settings that the host works with; the composition root makes and closes them. */
export interface SessionHostDependencies {
  workerId: string;
  pool: Pool;
  redis: Redis;
  subscriber: Redis;
  webhooks: WebhookDoorbell;
  network: WhatsAppNetwork;
  masterKeys: readonly Uint8Array[];
  messageKey: Uint8Array;
  clock: Clock;
  logger: Logger;
  timing: ClusterTiming;
  pace: ConnectPace;
  /** How the best other worker for a session is chosen. */
  strategy: PlacementStrategy;
  control: ControlPort;
  /** How soon a connection that carries nothing any more is noticed. @default LIVENESS_TIMING */
  liveness?: LivenessTiming;
  /** Whether this process holds its lease, by its own clock: nothing is taken or sent without it (I3). */
  mayStart: () => boolean;
}

/** How a worker connects its sessions. */
export interface ConnectPace {
  perSecond: number;
  burst: number;
  /** Of all workers of this network together. */
  fleet: { name: string; perSecond: number };
  /** Sessions that leave this worker: slowly enough that the login of one does not wait for those of many others. */
  handoversPerSecond: number;
  retry: BackoffOptions;
}

const HANDOVER_BURST = 2;

export const PACE: Readonly<Record<'live' | 'sandbox', ConnectPace>> = {
  live: {
    perSecond: 10,
    burst: 5,
    fleet: { name: 'live', perSecond: 50 },
    handoversPerSecond: 10,
    retry: { initialMs: 2_000, maxMs: 60_000 },
  },
  sandbox: {
    perSecond: 50,
    burst: 25,
    fleet: { name: 'sandbox', perSecond: 500 },
    handoversPerSecond: 10,
    retry: { initialMs: 500, maxMs: 5_000 },
  },
};

/** Everything that makes sessions run, wired together. */
export interface SessionHost {
  supervisor: Supervisor;
  metrics: WorkerMetrics;
  start(): void;
  /** Hands over to other workers what they have room for, within `graceMs`; the rest goes on. For the end of the process. */
  leave(graceMs: number): Promise<void>;
  /** Stops the sessions, without logging them out, and writes what is left. Messages in flight get `graceMs` to be acknowledged. */
  stop(graceMs: number): Promise<void>;
}

export function createSessionHost(deps: SessionHostDependencies): SessionHost {
  const {
    workerId,
    pool,
    redis,
    subscriber,
    webhooks,
    network,
    masterKeys,
    messageKey,
    clock,
    logger,
    timing,
    pace,
    strategy,
    mayStart,
    control,
  } = deps;

  const metrics = createWorkerMetrics({
    states: () => supervisor.actors.map((actor) => actor.state.name),
    longestSilenceMs: () => watch.liveness.longestSilenceMs,
    census: () => supervisor.census,
  });
  const announce = createAnnouncer({ redis, webhooks, control });
  const box = createSecretBox(masterKeys, SESSION_KEYS_BOX);
  const keyWriter = createKeyWriter({ pool, clock });
  const lane = new KeyedLock();
  /** A batch found that a session has another owner: its actor ends, unless it has been replaced already. */
  const onStale = ({ sessionId, epoch }: Ownership): void => {
    const actor = supervisor.find(sessionId);
    if (actor?.owner.epoch === epoch) actor.fence();
  };

  const outcomes = createOutcomeWriter({
    pool,
    lane,
    clock,
    logger,
    announce,
    onStale,
    onRecorded: (batch) => {
      dispatcher.recorded(batch);
      for (const { state } of batch) metrics.countOutcome(state);
    },
  });
  const projector = createProjector({
    pool,
    lane,
    clock,
    logger,
    announce,
    onStale,
    onStored: (count) => metrics.countInbound(count),
  });
  const dispatcher = new Dispatcher({
    pool,
    clock,
    logger,
    messageKey,
    outcomes,
    mayStart,
    onStuck: ({ sessionId }) => supervisor.find(sessionId)?.dropConnection(),
    onTimeLocked: async ({ sessionId }) => supervisor.find(sessionId)?.refusedReachout(),
    onAcknowledged: (milliseconds) => metrics.acknowledgeSeconds.observe(milliseconds / 1000),
  });
  const doorbells = createDoorbells({
    subscriber,
    workerId,
    onWorkerDoorbell: () => supervisor.look(),
    onSessionDoorbell: (sessionId) => dispatcher.notify(sessionId),
  });
  const traffic: SessionTraffic = {
    opened: (owner, connection) => dispatcher.opened(owner, connection),
    closed: (owner) => dispatcher.closed(owner),
    acknowledged: (owner, ack) => dispatcher.acknowledged(owner, ack),
    receipts: (owner, receipts) => dispatcher.receipts(owner, receipts),
    arrived: (owner, arrived, identity) => projector.accept(owner, arrived, identity),
    sentMessage: (owner, waMessageId) => dispatcher.sentMessage(owner, waMessageId),
  };
  const stillOwned = async ({ sessionId, epoch }: Ownership): Promise<boolean> => {
    const incarnation = supervisor.incarnation;
    if (incarnation === undefined) return false;
    const placements = await myPlacements(pool, workerId, incarnation);
    return placements.some((placement) => placement.sessionId === sessionId && placement.epoch === epoch);
  };
  const watch = new SessionWatch({
    db: pool,
    clock,
    logger,
    timing: deps.liveness ?? LIVENESS_TIMING,
    recyclesPerSweep: pace.perSecond,
    actors: () => supervisor.actors,
    onStale,
    onRoundTrip: (milliseconds) => metrics.keepAliveSeconds.observe(milliseconds / 1000),
  });
  const now = () => clock.monotonic();
  const ramp = new StartRamp({ ...pace, now });
  const fleet = createFleetLimit({ ...pace.fleet, redis, clock, logger });
  const reconnectTurn = (): number => {
    const turn = ramp.take();
    return turn.granted ? 0 : turn.retryInMs;
  };
  const supervisor = new Supervisor({
    pool,
    clock,
    logger,
    workerId,
    timing,
    give: createGiver({ pool, timing, strategy }),
    gate: createStartGate(ramp, fleet),
    ramp: new StartRamp({ perSecond: pace.handoversPerSecond, burst: HANDOVER_BURST, now }),
    doorbells,
    departure: {
      settle: (owner, settleMs) => dispatcher.drain(owner, settleMs),
      flush: async ({ sessionId }) => {
        await Promise.all([projector.flush(sessionId), outcomes.flush(sessionId)]);
      },
    },
    onMoved: ({ workerId: newOwner }) => notifyWorker(redis, newOwner),
    createActor: ({ sessionId, epoch, reason }) =>
      new SessionActor({
        owner: { sessionId, epoch },
        arrival: { reason },
        pool,
        clock,
        logger,
        box,
        keyWriter,
        network,
        traffic,
        retry: pace.retry,
        liveness: watch.liveness,
        reconnectTurn,
        onRecycled: (reason) => metrics.recycles.inc({ reason }),
        onAppended: announce,
        stillOwned,
        onFenced: (fenced) => {
          metrics.fenceRefusals.inc();
          supervisor.fenced(fenced);
        },
      }),
  });

  return {
    supervisor,
    metrics,
    start() {
      doorbells.start();
      control.listen({
        onSessionDoorbell(sessionId) {
          dispatcher.notify(sessionId);
          return supervisor.find(sessionId) !== undefined;
        },
        onLook: () => supervisor.look(),
      });
      dispatcher.start();
      watch.start();
    },
    leave: (graceMs) => supervisor.leave(graceMs),
    async stop(graceMs) {
      watch.stop();
      await dispatcher.stop(graceMs);
      await supervisor.end();
      await projector.flush();
      await outcomes.flush();
      await keyWriter.idle();
    },
  };
}
